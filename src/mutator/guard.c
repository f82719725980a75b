/* Looks through the heap in pauses.  What is found there is kept, as nothing is reported in a pause, and
 * told by the next thread that comes by. */
#include "mutator/guard.h"

#include <string.h>

#include "base/cancel.h"
#include "base/critical.h"
#include "base/options.h"
#include "collect/cycle.h"
#include "collect/phase.h"
#include "heap/block.h"
#include "heap/heap.h"
#include "mutator/barred.h"
#include "mutator/canary.h"
#include "mutator/family.h"
#include "mutator/fence.h"
#include "mutator/held.h"
#include "mutator/hooks.h"
#include "mutator/quarantine.h"
#include "mutator/use.h"
#include "world/faults.h"
#include "world/stop.h"
#include "world/systemstack.h"

enum {
    FOUND_MOST =
        32, /* what a pause finds beyond this is found by the next: what is kept is as it was */
    CHECKS_MOST = 1000,
};

/* Changed in pauses, and by who has the lock, which nobody holds in a pause. */
static struct {
    struct lock lock;
    uint32_t count; /* atomic */
    struct fault faults[FOUND_MOST];
} found PRIVATE_DATA;

bool guard_keeps_freed(void)
{
    return options.poison || options.quarantine;
}

/* Whether objects are recorded, or sampled, in any case. */
static bool is_recorded(void)
{
    return options.leaks || options.stacks || options.profile.text[0];
}

static bool is_quarantine_alone(void)
{
    return options.quarantine == QUARANTINE_MARK && !options.poison && !options.canary &&
           !options.mismatch && !options.fence && !is_recorded();
}

bool guard_is_wanted(void)
{
    return options.canary || options.mismatch || options.fence ||
           (guard_keeps_freed() && !is_quarantine_alone());
}

/* ---- In a pause -------------------------------------------------------------------- */

/* Returns false if there is no room for another one. */
static bool add(const struct fault *f)
{
    if (found.count < FOUND_MOST) {
        found.faults[found.count] = *f;
        __atomic_store_n(&found.count, found.count + 1, __ATOMIC_RELAXED);
    }
    return found.count < FOUND_MOST;
}

static bool check_object(struct heap *h, const struct cell *o, const char *when)
{
    struct fault f = {.found = when};
    return *o->state < STATE_NEW || !canary_find(h, o, &f) || add(&f);
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

static void check_freed(const struct heap *h, const char *when)
{
    size_t count = quarantine_count();
    for (size_t i = 0; i < count; i++) {
        struct fault f = {.found = when};
        if (quarantine_find(h, i, &f) && !add(&f))
            return;
    }
}

/* What there is no room for is found the next time. */
static void check_all(struct heap *h, const char *when, bool freed)
{
    if (found.count < FOUND_MOST && options.canary)
        check_objects(h, when);
    if (found.count < FOUND_MOST && options.poison && freed)
        check_freed(h, when);
}

static void tell_dangling(const struct fault *f)
{
    add(f);
}

static void check_in_cycle(struct cycle *c)
{
    if (!c->kind->recounts)
        return;
    /* What was freed and leaves after this cycle is looked at then. */
    check_all(c->heap, "by a collection", c->cause != CAUSE_QUARANTINE);
    if (c->kind->flips && c->kind->is_exact)
        quarantine_judge(c, tell_dangling);
    if (GC_CHECKING)
        quarantine_check(c->heap);
}

/* ---- Telling ------------------------------------------------------------------------- */

static bool take_one(struct fault *f)
{
    critical_take(&found.lock, RANK_OBJECT);
    bool some = found.count > 0;
    if (some) {
        *f = found.faults[0];
        __atomic_store_n(&found.count, found.count - 1, __ATOMIC_RELAXED);
        memmove(found.faults, found.faults + 1, found.count * sizeof *f);
    }
    critical_release(&found.lock, RANK_OBJECT);
    return some;
}

/* Returns whether there were any. */
static bool tell_found(void)
{
    struct fault f;
    bool some = false;
    for (; take_one(&f); some = true)
        report_hooks.fault(&f);
    return some;
}

void guard_poll(struct heap *h)
{
    if (UNLIKELY(__atomic_load_n(&found.count, __ATOMIC_RELAXED) > 0))
        tell_found();
    quarantine_poll(h);
}

void guard_let_go(struct heap *h)
{
    if (!guard_keeps_freed())
        return;
    quarantine_let_go(h);
    barred_end(h);
    held_empty(h);
}

void guard_give_back(struct heap *h)
{
    quarantine_empty(h);
    guard_let_go(h);
}

/* ---- At the end ------------------------------------------------------------------------ */

static void check_stopped(void *argument)
{
    (void)argument;
    world_lock();
    if (world_stop() && process_heap.numbers != NO_NUMBERS) {
        faults_begin();
        check_all(&process_heap, "when the program ended", true);
        faults_end();
    }
    world_restart();
    world_unlock();
}

/* As often as something is found, as there is room for so much only.  What was found is whole then, but for what
 * other threads do meanwhile. */
void guard_at_exit(void)
{
    if (!guard_is_wanted() || world_is_mine() || !registry_is_here())
        return;
    tell_found();
    cancel_hold_off();
    for (int i = 0; i < CHECKS_MOST; i++) {
        systemstack_run(check_stopped, NULL);
        if (!tell_found())
            break;
    }
    cancel_let_in();
}

void guard_begin(struct heap *h)
{
    static struct phase check PRIVATE_DATA = {.rank = PHASE_CHECK, .run = check_in_cycle};
    if (is_quarantine_alone())
        held_begin(h);
    if (!guard_is_wanted())
        return;
    if (options.mismatch)
        family_begin(h);
    if (options.canary)
        canary_begin(h);
    if (guard_keeps_freed())
        quarantine_begin(h);
    if (!options.stacks)
        options.stacks = STACKS_ALL;
    fence_begin();
    if (options.fence || options.poison)
        use_watch();
    phase_add(&check);
}
