/* Looks through the heap in pauses.  What is found there is kept, as nothing is reported in a pause, and
 * told by the next thread that comes by. */
#include "mutator/guard.h"

#include "base/cancel.h"
#include "base/critical.h"
#include "base/options.h"
#include "collect/cycle.h"
#include "collect/phase.h"
#include "heap/block.h"
#include "heap/heap.h"
#include "mutator/canary.h"
#include "mutator/hooks.h"
#include "world/faults.h"
#include "world/stop.h"
#include "world/systemstack.h"

/* What a pause finds beyond this is found by the next: what is kept is as it was. */
enum { FOUND_MOST = 32 };

/* Changed in pauses, and by who has the lock, which nobody holds in a pause. */
static struct {
    struct lock lock;
    struct fault faults[FOUND_MOST];
} found PRIVATE_DATA;

uint32_t guard_untold PRIVATE_DATA;

bool guard_is_wanted(void)
{
    return options.canary;
}

/* ---- In a pause -------------------------------------------------------------------- */

static bool check_object(struct heap *h, const struct cell *o, const char *when)
{
    struct fault *f = &found.faults[guard_untold];
    *f = (struct fault){.found = when};
    if (*o->state >= STATE_NEW && canary_find(h, o, f))
        __atomic_store_n(&guard_untold, guard_untold + 1, __ATOMIC_RELAXED);
    return guard_untold < FOUND_MOST;
}

static void check_objects(struct heap *h, const char *when)
{
    for (BLOCKS(h, head)) {
        uint32_t count = word_geometry(h->words[head])->count;
        for (uint32_t i = 0; i < count; i++) {
            struct cell o = block_cell(h, head, i);
            if (!check_object(h, &o, when))
                return;
        }
    }
}

static void check_in_cycle(struct cycle *c)
{
    if (c->kind->recounts && guard_untold < FOUND_MOST)
        check_objects(c->heap, "by a collection");
}

/* ---- Telling ------------------------------------------------------------------------- */

static bool take_one(struct fault *f)
{
    critical_take(&found.lock, RANK_OBJECT);
    bool some = guard_untold > 0;
    if (some) {
        *f = found.faults[guard_untold - 1];
        __atomic_store_n(&guard_untold, guard_untold - 1, __ATOMIC_RELAXED);
    }
    critical_release(&found.lock, RANK_OBJECT);
    return some;
}

void guard_tell(void)
{
    struct fault f;
    while (take_one(&f))
        report_hooks.fault(&f);
}

/* ---- At the end ------------------------------------------------------------------------ */

static void check_stopped(void *argument)
{
    (void)argument;
    world_lock();
    if (world_stop() && process_heap.numbers != NO_NUMBERS) {
        faults_begin();
        check_objects(&process_heap, "when the program ended");
        faults_end();
    }
    world_restart();
    world_unlock();
}

void guard_at_exit(void)
{
    if (!guard_is_wanted() || world_is_mine() || !registry_is_here())
        return;
    guard_tell();
    cancel_hold_off();
    systemstack_run(check_stopped, NULL);
    cancel_let_in();
    guard_tell();
}

void guard_begin(struct heap *h)
{
    static struct phase check PRIVATE_DATA = {.rank = PHASE_CHECK, .run = check_in_cycle};
    if (!guard_is_wanted())
        return;
    if (options.canary)
        canary_begin(h);
    phase_add(&check);
}
