/* A cycle from its first step to its last, and the phases that every cycle has. */
#include "collect/cycle.h"

#include <stdio.h>

#include "base/account.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/os.h"
#include "base/track.h"
#include "collect/caches.h"
#include "collect/compact.h"
#include "collect/pace.h"
#include "collect/phase.h"
#include "collect/verify.h"
#include "collect/workers.h"
#include "heap/extent.h"
#include "heap/heap.h"
#include "heap/sweep.h"
#include "roots/coroutines.h"
#include "roots/polled.h"
#include "roots/registered.h"
#include "trace/depot.h"
#include "trace/modules.h"
#include "world/stop.h"

const struct cycle_kind cycle_full = {
    .label = "full",
    .flips = true,
    .recounts = true,
    .is_exact = true,
};

/* ---- Looking only ------------------------------------------------------------------- */

static void (*look_by)(struct cycle *c) PRIVATE_DATA;

void cycle_look_with(void (*look)(struct cycle *c))
{
    look_by = look;
}

bool cycle_is_look(enum cause cause)
{
    return cause == CAUSE_QUARANTINE && look_by;
}

static void look(struct cycle *c)
{
    track_scan_begin();
    look_by(c);
    track_scan_end();
    cycle_note_reclaimed(c);
    c->marked = c->swept = c->ended = os_now();
}

const struct cycle_kind cycle_look = {.label = "look", .looks = true, .run = look};

/* ---- Phases of every cycle --------------------------------------------------------- */

/* Marks manual objects, which come after all other roots so that what only they keep can
 * be told. */
static void mark_manual(struct cycle *c)
{
    cycle_roots_mark_manual(&c->roots, c->marker);
}

/* Forgets stacks in objects that nothing reaches: they are stacks no more. */
static void drop_stacks(struct cycle *c)
{
    (void)c;
    coroutine_drop_unreached();
}

static void verify(struct cycle *c)
{
    if (verify_is_possible(c))
        verify_marks(c->heap, &c->roots, c->kind->is_exact && !c->keeps_more);
}

static void check(struct cycle *c)
{
    if (!GC_CHECKING)
        return;
    world_check();
    struct caches_held held = caches_check(c->heap);
    marker_check(c->marker);
    workers_check();
    heap_check_held(c->heap, held.slots, held.in_flight);
    registered_check();
    polled_check();
    coroutine_check();
    cycle_roots_check(&c->roots);
    phases_check();
    modules_check();
    depot_check();
    account_check();
}

void cycle_prepare(void)
{
    static struct phase phases[] PRIVATE_DATA = {
        {.rank = PHASE_MANUAL, .run = mark_manual},
        {.rank = PHASE_WEAK_LONG, .run = drop_stacks},
        {.rank = PHASE_VERIFY, .run = verify},
        {.rank = PHASE_CHECK, .run = check},
    };
    lock_check_held(RANK_WORLD);
    for (unsigned i = 0; i < sizeof phases / sizeof phases[0]; i++)
        phase_add(&phases[i]);
}

/* ---- The cycle --------------------------------------------------------------------- */

/* Whether as much memory as possible is to go back, as the program asked for the cycle,
 * or rests. */
static bool is_thorough(const struct cycle *c)
{
    return c->cause == CAUSE_REQUEST || c->cause == CAUSE_IDLE;
}

void cycle_note_reclaimed(struct cycle *c)
{
    uint64_t so_far = c->heap->numbers->counters.reclaimed_bytes;
    c->reclaimed = so_far - c->reclaimed_before;
    c->reclaimed_before = so_far;
}

/* Other programs on the same processors make a cycle take longer, and not cost more. */
static void note_used(struct cycle *c, uint64_t before)
{
    uint64_t now = before ? os_processor_time() : 0;
    c->used = now ? now - before : c->swept - c->stopped;
}

/* The cycle of a heap of this process alone, with all phases. */
static void run(struct cycle *c)
{
    struct heap *h = c->heap;
    size_t unused = h->numbers->dirty_bytes;
    uint64_t time_used = os_processor_time();
    c->charged = __atomic_load_n(&h->numbers->charged, __ATOMIC_RELAXED);
    c->live_before = h->numbers->live_bytes;
    c->keeps_more = false;
    lock_check_held(RANK_WORLD);
    track_scan_begin();
    /* Where memory is short, each block that a cache has for itself counts. */
    caches_give_back(h, c->cause == CAUSE_MEMORY ? CACHES_ALL
                        : is_thorough(c)         ? CACHES_OWN
                                                 : CACHES_IDLE);
    marker_begin(c->marker, c->kind->flips);
    c->static_pages = cycle_roots_leave_out(&c->roots, h, c->kind->young);
    c->static_bytes = cycle_roots_static_bytes(&c->roots);
    cycle_roots_mark(&c->roots, c->marker);
    phases_run(c);
    marker_end(c->marker);
    h->marking = h->marked = false;
    h->kept_back = 0;
    c->marked = os_now();
    h->is_short = c->cause == CAUSE_MEMORY;
    if (c->leaves_tenured && !h->is_short)
        c->gained = sweep_but_tenured(h);
    else
        c->gained = sweep(h, c->kind->recounts);
    c->swept = os_now();
    note_used(c, time_used);
    cycle_note_reclaimed(c);
    pace_after_cycle(h, &(struct pace_cycle){
                            .thorough = is_thorough(c),
                            .young = c->kind->young,
                            .unused = unused,
                            .charged = c->charged,
                            .time_used = time_used,
                            .began = c->began,
                            .ended = c->swept,
                        });
    check(c);
    if (GC_CHECKING)
        pace_check(h);
    if (c->kind->is_exact &&
        c->cause != CAUSE_MEMORY) /* who waits for memory has what was freed */
        compact_in_cycle(h);
    track_scan_end();
    c->ended = os_now();
}

void cycle_run(struct cycle *c)
{
    lock_check_held(RANK_WORLD);
    if (c->kind->run)
        c->kind->run(c);
    else
        run(c);
}

const char *cycle_cause(const struct cycle *c)
{
    static const char *const names[] = {"budget",  "memory", "request",
                                        "stress",  "leaks",  "idle",
                                        "request", "budget", "quarantine"};
    return names[c->cause];
}

void cycle_log(const struct cycle *c, uint64_t number, uint64_t heap_made)
{
    struct heap *h = c->heap;
    bool usual = c->kind == &cycle_full;
    char written[80] = "", yields[40] = "";
    int length = 0;
    if (c->kind->remembers)
        length =
            snprintf(written, sizeof written, ", %zu pages written", c->written_pages);
    if (c->kind->young)
        snprintf(written + length, sizeof written - (size_t)length,
                 ", %zu KiB of static data", c->static_bytes >> 10);
    if (c->trial.sample)
        snprintf(written + length, sizeof written - (size_t)length,
                 ", %zu of a sample of %zu pages written", c->trial.written,
                 c->trial.sample);
    unsigned percent = __atomic_load_n(&h->yields, __ATOMIC_RELAXED);
    if (percent)
        snprintf(yields, sizeof yields, ", memory is short: %u %% less", percent);
    log_line(
        "gc %llu (%s%s%s) pause %llu us (stop %llu, mark %llu, sweep %llu%s), live %zu "
        "KiB in %zu "
        "objects, freed %llu KiB, heap %zu KiB, next after %zu KiB%s, at %llu ms",
        (unsigned long long)number, usual ? "" : c->kind->label, usual ? "" : ", ",
        cycle_cause(c), (unsigned long long)(c->ended - c->began) / 1000,
        (unsigned long long)(c->stopped - c->began) / 1000,
        (unsigned long long)(c->marked - c->stopped) / 1000,
        (unsigned long long)(c->swept - c->marked) / 1000, written,
        h->numbers->live_bytes >> 10, h->numbers->live_objects,
        (unsigned long long)c->reclaimed >> 10, extent_bytes(h).held >> 10,
        __atomic_load_n(&h->numbers->budget, __ATOMIC_RELAXED) >> 10, yields,
        (unsigned long long)(c->ended - heap_made) / 1000000);
}
