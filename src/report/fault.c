/* Faults of the program's, each with where the object came from.  One that comes again and again from one
 * place is reported a few times, and counted.  The report is made under the lock of reports; the heap may
 * change meanwhile. */
#include "report/fault.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/options.h"
#include "mutator/fault.h"
#include "mutator/hooks.h"
#include "report/out.h"
#include "report/symbolize.h"
#include "trace/depot.h"
#include "trace/modules.h"
#include "trace/walk.h"
#include "world/next.h"
#include "world/self.h"
#include "world/systemstack.h"

LINKED(fault);

enum {
    PLACES = 1024,  /* a power of two; where the table is full, places share an entry */
    ALIKE_MOST = 3, /* reports of one kind for objects from one place */
};

/* How many faults of a kind there were for each stack that allocated, and for the innermost frames
 * of it.  Under the lock of reports. */
static struct {
    uint32_t stack, kind, count; /* the number of a stack, or the hash of frames */
} places[PLACES] PRIVATE_DATA;

static size_t count PRIVATE_DATA, left_out PRIVATE_DATA; /* atomic */

void fault_count(void)
{
    __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
}

static uint32_t count_one(uint32_t stack, uint32_t kind)
{
    uint32_t at = (stack * UINT32_C(0x9e3779b9) >> 16) + kind;
    size_t tries = 0;
    while (places[at % PLACES].count > 0 && tries++ < 16 &&
           (places[at % PLACES].stack != stack || places[at % PLACES].kind != kind))
        at++;
    places[at % PLACES].stack = stack;
    places[at % PLACES].kind = kind;
    return ++places[at % PLACES].count;
}

/* Of the frames that a brief stack has; its first bit tells it from the number of a stack. */
static uint32_t innermost(uint32_t stack)
{
    const uintptr_t *frames;
    size_t known = min_size(depot_get(stack, &frames), WALK_PLACE_FRAMES);
    return (uint32_t)modules_hash(frames, known * sizeof *frames) | UINT32_C(1) << 31;
}

/* Whether enough was said of such faults.  What a brief stack would say is known when its frames have been told
 * often enough, whoever called them. */
static bool is_known(const struct fault *f)
{
    uint32_t alike = count_one(innermost(f->allocated), f->kind);
    if (!depot_is_brief(f->allocated))
        alike = count_one(f->allocated, f->kind);
    return alike > ALIKE_MOST;
}

static void title(const struct fault *f, const char *what)
{
    if (f->function)
        out_title("%s(%p): %s", f->function, (void *)f->address, what);
    else
        out_title("%p: %s%s%s", (void *)f->address, what, f->found ? ", found " : "",
                  f->found ? f->found : "");
}

static void print_seen(const struct fault *f)
{
    size_t bytes = f->end - f->first;
    for (size_t i = 0; i < bytes && i < FAULT_SEEN; i++)
        out_print(" %02x", f->seen[i]);
    out_print("%s\n", bytes > FAULT_SEEN ? " ..." : "");
}

static void describe_overflow(const struct fault *f)
{
    size_t bytes = f->end - f->first, behind = f->first - f->bytes;
    title(f, "written beyond the end of the object");
    out_print("  the object has %zu byte%s; %zu byte%s, from %zu behind its end on, %s "
              "written:",
              f->bytes, plural(f->bytes), bytes, plural(bytes), behind,
              bytes == 1 ? "was" : "were");
    print_seen(f);
}

static void describe_write(const struct fault *f)
{
    size_t bytes = f->end - f->first;
    title(f, "written after it was freed");
    out_print("  the object had up to %zu byte%s; %zu byte%s, from %zu on, %s written:",
              f->bytes, plural(f->bytes), bytes, plural(bytes), f->first,
              bytes == 1 ? "was" : "were");
    print_seen(f);
}

static void describe_mismatch(const struct fault *f)
{
    static const char *const from[] = {"malloc or its like", "operator new",
                                       "operator new[]"};
    static const char *const for_it[] = {"free", "operator delete", "operator delete[]"};
    char what[80];
    snprintf(what, sizeof what, "the object is of %s", from[f->family]);
    title(f, what);
    out_print("  the object has %zu byte%s; %s is what frees it\n", f->bytes,
              plural(f->bytes), for_it[f->family]);
}

static void describe_dangling(const struct fault *f)
{
    struct variable v = {.name = NULL};
    title(f, "something points to it, which was freed");
    if (f->holder)
        out_print("  the pointer is %zu bytes into the object of %zu byte%s at %p\n",
                  f->pointer - f->holder, f->holder_bytes, plural(f->holder_bytes),
                  (void *)f->holder);
    else if (symbolize_variable(f->pointer, &v) && v.name)
        out_print("  the pointer is at %p, %s+%zu in %s\n", (void *)f->pointer, v.name,
                  v.offset, v.module);
    else if (v.module)
        out_print("  the pointer is at %p, in the data of %s\n", (void *)f->pointer,
                  v.module);
    else
        out_print("  the pointer is at %p\n", (void *)f->pointer);
}

static void describe_use(const struct fault *f)
{
    uintptr_t end = f->address + f->bytes;
    const char *where = "into";
    size_t distance = f->pointer - f->address;
    if (f->pointer >= end)
        where = "behind", distance = f->pointer - end;
    else if (f->pointer < f->address)
        where = "before", distance = f->address - f->pointer;
    title(f, f->kind == FAULT_USE_AFTER_FREE ? "used after it was freed"
             : f->pointer >= end             ? "used beyond the end of the object"
                                             : "used before the start of the object");
    out_print("  it was used at %p, %zu byte%s %s the object of %s%zu byte%s\n",
              (void *)f->pointer, distance, plural(distance), where,
              f->slot_bytes ? "up to " : "", f->bytes, plural(f->bytes));
}

static void describe(const struct fault *f)
{
    switch (f->kind) {
    case FAULT_OVERFLOW:
        return describe_overflow(f);
    case FAULT_WRITE_AFTER_FREE:
        return describe_write(f);
    case FAULT_MISMATCH:
        return describe_mismatch(f);
    case FAULT_BEYOND:
    case FAULT_USE_AFTER_FREE:
        return describe_use(f);
    case FAULT_DANGLING:
        return describe_dangling(f);
    }
}

static void print_stack(const char *heading, uint32_t stack)
{
    if (!stack)
        return;
    out_print("  %s\n", heading);
    out_stack(stack);
}

/* The lock of reports is held. */
static void report(void *argument)
{
    const struct fault *f = argument;
    uintptr_t frames[CAPTURE_DEPTH_MAX];
    out_open();
    modules_look();
    describe(f);
    if (f->function) {
        out_print("  called by\n");
        out_frames(frames, capture_stack(f->call, frames, OPTION_NOW(depth)));
    }
    if (f->frame_count) {
        out_print("  used by\n");
        out_frames(f->frames, f->frame_count);
    }
    print_stack("allocated by", f->allocated);
    print_stack("freed by", f->freed);
    print_stack("what points to it was allocated by", f->holder_allocated);
    out_close();
    symbolize_end();
}

/* What the report allocates is the library's, and looks for no more faults meanwhile. */
static void report_fault(const struct fault *f)
{
    if (!out_lock())
        return;
    thread_inside++;
    fault_count();
    if (is_known(f)) {
        __atomic_fetch_add(&left_out, 1, __ATOMIC_RELAXED);
    } else {
        cancel_hold_off();
        systemstack_run(report, (void *)(uintptr_t)f);
        cancel_let_in();
    }
    thread_inside--;
    out_unlock();
    if (OPTION_NOW(on_bad_free) == BAD_FREE_ABORT)
        abort();
}

size_t fault_end(void)
{
    size_t n = __atomic_exchange_n(&left_out, 0, __ATOMIC_RELAXED);
    if (n > 0 && out_lock()) {
        out_open();
        out_print("gcalloc: %zu more fault%s of the same kinds, in objects from the same "
                  "places, %s left out\n",
                  n, plural(n), n == 1 ? "was" : "were");
        out_close();
        out_unlock();
    }
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

__attribute__((constructor(BEFORE_PROGRAMS))) static void begin(void)
{
    report_hooks.fault = report_fault;
}
