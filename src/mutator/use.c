/* What is known of an object at an address that could not be used, and by whom it was used. */
#include "mutator/use.h"

#include "base/options.h"
#include "heap/heap.h"
#include "mutator/barred.h"
#include "mutator/fault.h"
#include "mutator/fence.h"
#include "mutator/hooks.h"
#include "mutator/site.h"
#include "world/fast.h"
#include "world/faults.h"
#include "world/self.h"

static bool find(uintptr_t address, struct fault *f)
{
    struct fenced fenced;
    struct cell o;
    if (fence_find((void *)address, &fenced)) {
        f->kind = fenced.lives ? FAULT_BEYOND : FAULT_USE_AFTER_FREE;
        f->address = fenced.address;
        f->bytes = fenced.size;
        f->allocated = fenced.allocated;
        f->freed = fenced.freed;
        return true;
    }
    if (!barred_find(&process_heap, address, &o))
        return false;
    const struct site *s = site_at(&process_heap, o.state);
    f->kind = FAULT_USE_AFTER_FREE;
    f->address = o.address;
    f->bytes = o.size;
    f->slot_bytes = true;
    f->allocated = s->stack;
    f->freed = site_freed_by(s);
    return true;
}

/* The stack is that of what was interrupted. */
static void on_fault(uintptr_t address, const ucontext_t *context)
{
    uintptr_t frames[CAPTURE_DEPTH_MAX];
    struct fault f = {.pointer = address, .frames = frames};
    if (!find(address, &f))
        return;
    thread_inside++;
    f.frame_count = capture_stack((struct call){fast_program_counter(context), 0, 0},
                                  frames, OPTION_NOW(depth));
    if (f.frame_count)
        frames[0]++; /* a return address would lie behind the instruction */
    report_hooks.fault(&f);
    thread_inside--;
}

void use_watch(void)
{
    faults_watch(on_fault);
}
