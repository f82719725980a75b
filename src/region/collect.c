/* A collection of a region: at a closed gate, on a stopped process.
 *
 * Each makes lists, extents and counters anew from the words and states first: so nothing that a dead
 * process was in the midst of counts, and no cache, of whatever process, has anything any more.  From
 * before the first mark until after the last sweep the region is suspect: who comes after a collector
 * that died finds marks of two sorts, and takes none of them for marks. */
#include <errno.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/os.h"
#include "heap/cache.h"
#include "heap/extent.h"
#include "heap/rebuild.h"
#include "heap/sweep.h"
#include "mutator/init.h"
#include "region/region.h"
#include "world/lock.h"
#include "world/stop.h"

/* Between two collections as much is allocated as lives; so much free memory stays, too, but twice as much
 * does not. */
enum {
    BUDGET_LEAST = 4 << 20,
    ASK_EVERY = 16, /* collections, after which the system is asked who lives */
};

static gc_region *region_of(struct cycle *c)
{
    return (gc_region *)(void *)((char *)c->heap - offsetof(gc_region, heap));
}

/* Threads of this process that are in brackets, stopped in no critical section, lose what their caches
 * had; those of others, and those in none, see the epoch when they begin the next. */
static void end_epoch(gc_region *r)
{
    uint32_t epoch = r->header->epoch + 1;
    __atomic_store_n(&r->header->epoch, epoch, __ATOMIC_RELEASE);
    for (struct region_use *u = r->uses; u; u = u->next_of_region) {
        if (u->cache)
            cache_forget(u->cache);
        u->epoch = epoch;
    }
}

/* false: nothing that a death can leave behind. */
static bool rebuild(gc_region *r, bool all)
{
    struct rebuild_fault fault;
    struct region_header *h = r->header;
    bool after_cut = h->suspect == SUSPECT_CUT;
    bool suspect = __atomic_load_n(&h->suspect, __ATOMIC_ACQUIRE) |
                   region_bury(r, all || h->collections % ASK_EVERY == 0);
    __atomic_store_n(&r->crowded, false, __ATOMIC_RELAXED);
    h->root_lock.word = h->hold_lock.word = LOCK_SHARED;
    if (!after_cut)
        __atomic_store_n(&h->suspect, SUSPECT_DEATH, __ATOMIC_RELEASE);
    CRASH_POINT("collect: suspect");
    end_epoch(r);
    CRASH_POINT("collect: epoch ended");
    if (after_cut)
        heap_distrust(&r->heap);
    if (!heap_rebuild(&r->heap, suspect, &fault)) {
        r->fault = fault.what;
        log_line("region %s: %s, in unit %u: it cannot be used any more", r->name,
                 fault.what, fault.unit);
        __atomic_store_n(&h->stage, REGION_DAMAGED, __ATOMIC_RELEASE);
        return false;
    }
    h->recoveries += suspect;
    return true;
}

static void mark(gc_region *r, struct cycle *c)
{
    region_advise(r, true);
    c->marker->far = region_exceeds_memory(r) ? &r->far : NULL;
    far_begin(&r->far);
    marker_begin(c->marker, true);
    if (region_is_used_here(r)) {
        for (size_t i = 0; i < c->roots.stacks.count; i++)
            marker_scan_stack(c->marker, c->roots.stacks.ranges[i].low,
                              c->roots.stacks.ranges[i].high);
        for (size_t i = 0; i < c->roots.data.count; i++)
            marker_scan_roots(c->marker, c->roots.data.ranges[i].low,
                              c->roots.data.ranges[i].high);
    }
    region_mark_roots(r, c->marker);
    region_mark_holds(r, c->marker);
    marker_drain(c->marker);
    marker_end(c->marker);
    region_advise(r, false);
}

static void run(struct cycle *c)
{
    gc_region *r = region_of(c);
    struct heap_numbers *n = r->heap.numbers;
    if (rebuild(r, c->cause != CAUSE_BUDGET)) {
        CRASH_POINT("collect: rebuilt");
        mark(r, c);
        CRASH_POINT("collect: marked");
        c->marked = os_now();
        sweep(&r->heap, true);
        CRASH_POINT("collect: swept");
        n->charged = 0;
        n->budget = max_size(n->live_bytes, BUDGET_LEAST);
        if (n->dirty_bytes > 2 * n->budget)
            extent_trim(&r->heap, n->budget);
        r->header->collections++;
        __atomic_store_n(&r->header->suspect, 0, __ATOMIC_RELEASE);
    }
    r->orphaned = false;
    c->swept = c->ended = os_now();
    c->marked = c->marked >= c->stopped ? c->marked : c->ended;
}

static const struct cycle_kind cycle_of_region = {
    .label = "region",
    .flips = true,
    .recounts = true,
    .run = run,
};

/* The collectors of a process have things in common, which the world lock guards. */
bool region_make_collector(gc_region *r)
{
    world_lock();
    bool made = collector_create(&r->collector, &r->heap);
    world_unlock();
    r->collector.kind = &cycle_of_region;
    return made || region_fail(ENOMEM, "%s: no memory for its collector", r->name) == 0;
}

bool region_is_due(const gc_region *r)
{
    const struct heap_numbers *n = r->heap.numbers;
    return __atomic_load_n(&r->crowded, __ATOMIC_RELAXED) ||
           __atomic_load_n(&n->charged, __ATOMIC_RELAXED) >=
               __atomic_load_n(&n->budget, __ATOMIC_RELAXED);
}

/* The world of this process is stopped by the collector of the region, which lists its roots, too. */
static bool collect(gc_region *r, enum cause cause)
{
    struct collector *c = &r->collector;
    uint64_t before = collector_count(c);
    if (!mutator_enter())
        return region_fail(errno, "%s: no memory for a thread", r->name) == 0;
    collector_run(c, cause);
    mutator_leave();
    if (__atomic_load_n(&r->header->stage, __ATOMIC_ACQUIRE) == REGION_DAMAGED)
        return region_fail(ENOTRECOVERABLE, "%s is damaged: %s", r->name,
                           r->fault ? r->fault : "as another process has found") == 0;
    if (collector_count(c) == before)
        return region_fail(EAGAIN,
                           "%s: the threads of this process cannot be stopped, or "
                           "its roots cannot be listed",
                           r->name) == 0;
    return true;
}

/* At a closed gate, where no other process adds one. */
static bool knows_types(gc_region *r)
{
    if (!region_types_are_sound(r))
        return region_fail(EBADMSG, "%s: what it says of types is damaged", r->name) == 0;
    return region_learn_types(r) || region_fail(ENOMEM, "no memory for types") == 0;
}

/* A bracket that does not end is not waited for again before as much has been allocated as in a small region between
 * two collections. */
static void put_off(gc_region *r)
{
    struct heap_numbers *n = r->heap.numbers;
    size_t charged = __atomic_load_n(&n->charged, __ATOMIC_RELAXED);
    __atomic_store_n(&n->budget, charged + BUDGET_LEAST, __ATOMIC_RELAXED);
    __atomic_store_n(&r->crowded, false, __ATOMIC_RELAXED);
}

bool region_collect(gc_region *r, enum cause cause)
{
    struct region_use *u = region_use(r);
    if (!u)
        return false;
    lock_holder = u->number;
    if (!region_is_whole(r))
        return false;
    if (!region_close_gate(r, false)) {
        if (cause == CAUSE_BUDGET && errno == ETIMEDOUT)
            put_off(r);
        return false;
    }
    if (__atomic_load_n(&r->crowded, __ATOMIC_RELAXED))
        cause = CAUSE_REQUEST; /* the budget may be far from used up */
    bool done = (cause == CAUSE_BUDGET && !region_is_due(r) && !r->orphaned) ||
                (knows_types(r) && collect(r, cause));
    lock_holder = u->number;
    region_open_gate(r);
    return done;
}

bool region_quiesce(gc_region *r, const struct region_use *u)
{
    lock_holder = u->number;
    if (!region_is_whole(r) || !region_close_gate(r, true))
        return false;
    bool sound = !r->orphaned || (knows_types(r) && collect(r, CAUSE_REQUEST));
    lock_holder = u->number;
    if (!sound)
        region_open_gate(r);
    return sound;
}

int gc_region_collect(gc_region *r)
{
    return region_is_open(r) && region_collect(r, CAUSE_REQUEST) ? 0 : -1;
}

/* Nobody has the region, and whoever had it may have died at any instruction, or have written it to harm. */
bool region_recover(gc_region *r)
{
    struct region_use *u = region_use(r);
    struct region_header *h = r->header;
    if (!u)
        return false;
    lock_holder = u->number;
    h->gate = 0;
    h->collect_lock.word = LOCK_SHARED;
    if (h->suspect != SUSPECT_CUT)
        h->suspect = SUSPECT_DEATH;
    bool done = region_collect(r, CAUSE_REQUEST);
    if (!done && errno == ENOTRECOVERABLE)
        errno = EBADMSG; /* it never was this process's */
    return done && region_back(r, true);
}
