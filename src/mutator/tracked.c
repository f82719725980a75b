/* An observer of the heap that passes on what it is told.  The bytes of a slot beyond the requested size are
 * forbidden, and so is a slot from its object's end on until it has another; the library's own accesses there are no errors, as reports
 * are switched off on its slow paths (base/track.h). */
#include "mutator/tracked.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/options.h"
#include "base/track.h"
#include "heap/block.h"
#include "heap/heap.h"
#include "heap/observe.h"
#include "mutator/guard.h"
#include "world/stop.h"
#include "world/systemstack.h"

/* As many as memcheck and AddressSanitizer have behind objects of the C library's malloc. */
enum { BEHIND = 16 };

/* Set in the pause at the process's end: objects are forgotten, and threads that still run may do
 * what they want. */
static bool forgotten PRIVATE_DATA;

static bool is_forgotten(void)
{
    return __atomic_load_n(&forgotten, __ATOMIC_RELAXED);
}

/* The object that this thread resizes: a handler may resize another one meanwhile. */
static __thread struct {
    uintptr_t address;
    size_t size;
} before __attribute__((tls_model("initial-exec")));

bool tracked_is_wanted(void)
{
    return options.track && (track_is_memcheck() || track_is_asan());
}

static void allocated(struct heap *h, const struct cell *o, size_t requested,
                      uint32_t stack)
{
    (void)h, (void)stack;
    if (is_forgotten()) {
        track_permit((void *)o->address, o->size);
        return;
    }
    track_allocated((void *)o->address, requested);
    track_forbid((char *)o->address + requested, o->size - requested);
}

/* The library may write to all of the slot, until it has its new size or is freed. */
static void resizing(struct heap *h, const struct cell *o, struct call call)
{
    (void)h, (void)call;
    before.address = o->address;
    before.size = o->size;
    track_permit((void *)o->address, o->size);
}

/* What a large object has lost is nobody's. */
static void resized(struct heap *h, const struct cell *o, size_t requested)
{
    size_t bytes =
        before.address == o->address ? max_size(before.size, o->size) : o->size;
    if (!is_forgotten())
        track_freed((void *)o->address, bytes);
    allocated(h, o, requested, 0);
}

static void freed(struct heap *h, const struct cell *o, struct call call)
{
    (void)h, (void)call;
    if (!is_forgotten())
        track_freed((void *)o->address, o->size);
}

static void found_dead(struct heap *h, const struct cell *o)
{
    (void)h;
    if (!is_forgotten())
        track_freed((void *)o->address, o->size);
}

void tracked_begin(struct heap *h)
{
    static const struct observer tracker = {
        .allocated = allocated,
        .resizing = resizing,
        .resized = resized,
        .freed = freed,
        .found_dead = found_dead,
        .spare = BEHIND,
    };
    if (!tracked_is_wanted())
        return;
    if (guard_is_wanted())
        log_line(
            "option track is without effect beside those of gcalloc guard, which write "
            "where it forbids to");
    else
        observe(h, &tracker);
}

/* ---- At the end ------------------------------------------------------------------------ */

static void forget_block(const struct heap *h, uint32_t head)
{
    uint32_t count = word_geometry(h->words[head])->count;
    for (uint32_t i = 0; i < count; i++) {
        struct cell o = block_cell(h, head, i);
        if (*o.state < STATE_NEW)
            continue;
        track_freed((void *)o.address, o.size);
        track_permit((void *)o.address, o.size);
    }
}

static void forget_managed(void *argument)
{
    const struct heap *h = argument;
    world_lock();
    track_scan_begin();
    if (world_stop()) {
        __atomic_store_n(&forgotten, true, __ATOMIC_RELAXED);
        for (BLOCKS(h, head))
            if (!(word_kind(h->words[head]) & KIND_MANUAL))
                forget_block(h, head);
    }
    track_scan_end();
    world_restart();
    world_unlock();
}

void tracked_at_exit(void)
{
    if (!tracked_is_wanted() || guard_is_wanted() || !track_is_memcheck() ||
        world_is_mine() || !registry_is_here())
        return;
    cancel_hold_off();
    systemstack_run(forget_managed, &process_heap);
    cancel_let_in();
}
