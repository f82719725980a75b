/* One collection, from the first root to the last free block. */
#include "collect/collector.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/options.h"
#include "base/os.h"
#include "base/track.h"
#include "collect/workers.h"
#include "collect/idle.h"
#include "collect/pace.h"
#include "collect/verify.h"
#include "heap/cache.h"
#include "heap/extent.h"
#include "heap/heap.h"
#include "heap/lookup.h"
#include "heap/sweep.h"
#include "roots/coroutines.h"
#include "roots/registered.h"
#include "roots/segments.h"
#include "roots/threads.h"
#include "world/faults.h"
#include "world/stop.h"
#include "world/systemstack.h"

struct collector collector PRIVATE_DATA;

/* What a cycle scans, and what it measures. */
struct cycle {
    enum cause cause;
    uintptr_t sp;             /* the collecting thread's stack from here up */
    struct range_list stacks; /* of all threads */
    struct range_list roots;  /* static data, thread-local storage, registered ranges */
    struct range_list callbacks; /* what root callbacks named, for verify */
    uint64_t began, stopped, marked, swept, ended; /* os_now */
    uint64_t reclaimed_before;                     /* bytes */
    size_t unused; /* memory of free units before the cycle */
};

static struct cycle cycle PRIVATE_DATA;

static void add_range(void *argument, struct range r)
{
    range_cover_add(argument, r);
}

/* What the program registers may overlap with itself and with static data: each word is scanned
 * once. */
static void add_registered(void)
{
    struct range_cover cover;
    if (!registered_ranges())
        return;
    range_cover_begin(&cover, &cycle.roots);
    registered_walk(add_range, &cover);
}

/* The world is stopped, and what the loader said before holds still. */
static void list_roots(const struct heap *h, const struct snapshot *s)
{
    range_list_clear(&cycle.stacks);
    range_list_clear(&cycle.roots);
    range_list_clear(&cycle.callbacks);
    threads_roots(h, s, &cycle.stacks, &cycle.roots);
    if (cycle.cause == CAUSE_LEAKS)
        threads_add_kept(&cycle.roots);
    add_registered();
}

/* A root that is missing from the lists would be objects lost: then nothing is reclaimed.
 */
static bool roots_complete(void)
{
    return !cycle.stacks.incomplete && !cycle.roots.incomplete;
}

/* A stack in an object of the heap counts once that object is reached, and what lies on it may
 * lead to others. */
static void mark_from_reached_stacks(struct marker *m)
{
    size_t first = cycle.stacks.count;
    while (coroutine_add_reached(m->heap, &cycle.stacks)) {
        for (; first < cycle.stacks.count; first++)
            marker_scan_stack(m, cycle.stacks.ranges[first].low,
                              cycle.stacks.ranges[first].high);
        marker_drain(m);
    }
}

static void call_back(void *argument)
{
    (void)argument;
    registered_callbacks_run();
}

/* The callbacks may not use the heap: without a cache every use comes to a slow path, which
 * fails. */
static void run_callbacks(void)
{
    struct mutator *m = thread_self;
    bool ready = m->ready, fast = thread_cache == m->cache;
    thread_use_cache(NULL);
    m->ready = false;
    systemstack_leave(call_back, NULL);
    m->ready = ready;
    if (fast)
        thread_use_cache(m->cache);
}

static void mark_from_roots(struct marker *m)
{
    for (size_t i = 0; i < cycle.stacks.count; i++)
        marker_scan_stack(m, cycle.stacks.ranges[i].low, cycle.stacks.ranges[i].high);
    for (size_t i = 0; i < cycle.roots.count; i++)
        marker_scan_roots(m, cycle.roots.ranges[i].low, cycle.roots.ranges[i].high);
    run_callbacks();
    marker_drain(m);
    mark_from_reached_stacks(m);
}

/* Manual objects that are not marked by now are leaks. */
static void find_leaks(struct marker *m)
{
    if (collector.leak_phase && cycle.cause == CAUSE_LEAKS)
        collector.leak_phase(m->heap, &cycle.stacks, &cycle.roots, &cycle.callbacks);
}

/* Manual objects come after all other roots, so that what only they keep can be told. */
static void mark_manual(struct marker *m)
{
    marker_mark_manual(m);
    marker_drain(m);
    mark_from_reached_stacks(m);
    coroutine_drop_unreached();
}

/* The collector's own frames lie in memory that is scanned, and change meanwhile: the two
 * markers may then see different words. */
static bool runs_on_a_root(const struct heap *h)
{
    if (lookup_owns(h, cycle.sp))
        return true;
    for (size_t i = 0; i < cycle.roots.count; i++)
        if (cycle.sp >= cycle.roots.ranges[i].low &&
            cycle.sp < cycle.roots.ranges[i].high)
            return true;
    return false;
}

/* Between gc_blocking_begin and gc_blocking_end a thread may write to its stack, too. */
static bool some_thread_blocks(void)
{
    for (MUTATORS(t))
        if (thread_lives(t) && t->blocking)
            return true;
    return false;
}

static void verify(struct marker *m)
{
    if (OPTION_NOW(verify) && !cycle.callbacks.incomplete && !runs_on_a_root(m->heap) &&
        !some_thread_blocks())
        verify_marks(m->heap, &cycle.stacks, &cycle.roots, &cycle.callbacks);
}

static void check_heap(struct marker *m)
{
    if (!GC_CHECKING)
        return;
    uint32_t held = 0, threads = 0;
    for (MUTATORS(t)) {
        held += t->cache ? cache_check(t->cache) : 0;
        held += t->spare ? cache_check(t->spare) : 0;
        for (unsigned i = 0; i < t->aside_count; i++)
            held += cache_check(t->aside[i]);
        threads += thread_lives(t) + t->aside_count;
    }
    heap_check_held(m->heap, held, threads - 1 + registry_lost_count());
    registered_check();
    coroutine_check();
}

/* Between marking from the roots and the sweep, in this order. */
static void (*const phases[])(struct marker *m) = {find_leaks, mark_manual, verify,
                                                   check_heap};

static void note_times(uint64_t ended)
{
    uint64_t pause = ended - cycle.began;
    __atomic_store_n(&collector.collections, collector.collections + 1, __ATOMIC_RELEASE);
    collector.refills = 0;
    collector.pause_ns_last = pause;
    collector.pause_ns_max = max_size(collector.pause_ns_max, pause);
    collector.pause_ns_total += pause;
    collector.stop_ns_last = cycle.stopped - cycle.began;
    collector.stop_ns_total += collector.stop_ns_last;
    collector.mark_ns_total += cycle.marked - cycle.stopped;
    collector.sweep_ns_total += cycle.swept - cycle.marked;
    cycle.ended = ended;
}

/* The world goes on: whoever reads what is written may be one of its threads. */
static void log_cycle(struct heap *h)
{
    uint64_t pause = collector.pause_ns_last;
    static const char *const names[] = {"budget", "memory", "request",
                                        "stress", "leaks",  "idle"};
    log_line("gc %llu (%s) pause %llu us (stop %llu, mark %llu, sweep %llu), live %zu "
             "KiB in %zu "
             "objects, freed %llu KiB, heap %zu KiB, next after %zu KiB, at %llu ms",
             (unsigned long long)collector.collections, names[cycle.cause],
             (unsigned long long)pause / 1000,
             (unsigned long long)(cycle.stopped - cycle.began) / 1000,
             (unsigned long long)(cycle.marked - cycle.stopped) / 1000,
             (unsigned long long)(cycle.swept - cycle.marked) / 1000, h->live_bytes >> 10,
             h->live_objects,
             (unsigned long long)(h->counters.reclaimed_bytes - cycle.reclaimed_before) >>
                 10,
             extent_bytes(h).held >> 10,
             __atomic_load_n(&h->budget, __ATOMIC_RELAXED) >> 10,
             (unsigned long long)(cycle.ended - collector.started) / 1000000);
}

static void give_unit_run_back(struct cache *c)
{
    if (c)
        extent_give_unit_run(c->heap, &c->unit_run);
}

/* Units that were reserved for a thread are free for all in the next cycle: those that a
 * sweep frees have their memory. */
static void give_unit_runs_back(const struct mutator *t)
{
    give_unit_run_back(t->cache);
    give_unit_run_back(t->spare);
    for (unsigned i = 0; i < t->aside_count; i++)
        give_unit_run_back(t->aside[i]);
}

/* The program asked for it, or rests: as much memory as possible is to go back. */
static bool is_thorough(void)
{
    return cycle.cause == CAUSE_REQUEST || cycle.cause == CAUSE_IDLE;
}

/* A thread that has not needed its cache since the last cycle gives it back, so that many
 * idle threads do not hoard; who asks for a collection, too; and any thread what it freed of
 * others. */
static void empty_idle_caches(void)
{
    for (MUTATORS(t)) {
        bool own = t == thread_self;
        give_unit_runs_back(t);
        if (!t->cache || t->in_fast_path)
            continue;
        if (own ? is_thorough() : !t->cache->used)
            cache_empty(t->cache);
        else
            cache_empty_others(t->cache);
        t->cache->used = false;
    }
}

/* From the first root to the last free block; the world is stopped. */
static void run_cycle(struct heap *h)
{
    struct marker *m = &collector.marker;
    cycle.reclaimed_before = h->counters.reclaimed_bytes;
    cycle.unused = h->dirty_bytes;
    track_scan_begin();
    empty_idle_caches();
    marker_begin(m);
    mark_from_roots(m);
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
        phases[i](m);
    marker_end(m);
    cycle.marked = os_now();
    sweep(h);
    cycle.swept = os_now();
    pace_after_cycle(h, &(struct pace_cycle){
                            .thorough = is_thorough(),
                            .unused = cycle.unused,
                            .began = cycle.began,
                            .ended = cycle.swept,
                        });
    check_heap(m);
    track_scan_end();
    note_times(os_now());
}

enum { SNAPSHOTS_MOST = 100 };

/* Why a collection does not come about. */
enum obstacle { THREAD_RUNS, THREADS_UNKNOWN, ROOTS_UNKNOWN, OBSTACLES };

/* The heap grows by another budget before it is tried again. */
static void put_off(struct heap *h, enum obstacle o)
{
    static const char *const why[OBSTACLES] = {"a thread does not stop",
                                               "not all threads are known, or stop",
                                               "the roots cannot be listed in full"};
    static bool said[OBSTACLES] PRIVATE_DATA;
    pace_without_cycle(h);
    if (!said[o])
        log_line("collections are put off while %s", why[o]);
    said[o] = true;
}

/* The world lock is held.  A library that was loaded or unloaded since the snapshot makes
 * another one necessary: the loader's locks may be waited for in a running world only.
 * false: that. */
static bool stop_and_run(struct heap *h, const struct snapshot *s)
{
    cycle.began = os_now();
    if (!world_stop()) {
        world_restart();
        put_off(h, THREAD_RUNS);
        return true;
    }
    cycle.stopped = os_now();
    faults_begin();
    workers_rouse();
    bool known = world_is_complete();
    bool valid = segments_unchanged(&s->loaded);
    if (valid && known) {
        track_scan_begin();
        list_roots(h, s);
        track_scan_end();
        if (roots_complete())
            run_cycle(h);
    }
    workers_rest();
    faults_end();
    world_restart();
    if (valid && !known)
        put_off(h, THREADS_UNKNOWN);
    else if (valid && !roots_complete())
        put_off(h, ROOTS_UNKNOWN);
    else if (valid && OPTION_NOW(log))
        log_cycle(h);
    return valid;
}

static bool is_due(const struct heap *h)
{
    return __atomic_load_n(&h->charged, __ATOMIC_RELAXED) >=
           __atomic_load_n(&h->budget, __ATOMIC_RELAXED);
}

/* Somebody else has collected while this thread waited: that serves as well, but not for
 * who wants to see what is garbage now. */
static bool is_done(enum cause cause, uint64_t collections)
{
    if (cause == CAUSE_BUDGET && !is_due(&process_heap))
        return true; /* it may have been stopped for that before it counted */
    if (cause == CAUSE_IDLE && __atomic_load_n(&collector.disabled, __ATOMIC_RELAXED))
        return true;
    return cause != CAUSE_REQUEST && cause != CAUSE_LEAKS &&
           collector_count() != collections;
}

/* Every callee-saved register is on the program's stack by now. */
NOINLINE WITHOUT_GAPS static void run(void *argument)
{
    enum cause cause = *(const enum cause *)argument;
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    uint64_t collections = collector_count();
    for (int i = 0; i < SNAPSHOTS_MOST; i++) {
        world_let_run();
        workers_recruit(&process_heap);
        const struct snapshot *s = threads_snapshot(&process_heap, sp);
        if (!s)
            return;
        world_lock();
        cycle.cause = cause;
        cycle.sp = sp;
        bool finished = is_done(cause, collections) || stop_and_run(&process_heap, s);
        world_unlock();
        if (finished)
            return;
    }
}

NOINLINE WITHOUT_GAPS void collector_run(enum cause cause)
{
    int saved_errno = errno;
    if (world_is_mine() || !registry_is_here())
        return;
    cancel_hold_off();
    __builtin_unwind_init();
    systemstack_run(run, &cause);
    __asm__ volatile("" ::: "memory"); /* no tail call: this frame holds the registers */
    cancel_let_in();
    errno = saved_errno;
}

uint64_t collector_count(void)
{
    return __atomic_load_n(&collector.collections, __ATOMIC_ACQUIRE);
}

static void learn_limit(void *heap)
{
    if (!pace_learn_limit(heap))
        return;
    bool taken = world_hold();
    pace_configure(heap);
    world_let_go(taken);
}

/* The heap has come so far that it matters what else is to know of it. */
static void look_around(struct heap *h)
{
    idle_note(h);
    if (pace_lacks_limit(h))
        systemstack_run(learn_limit, h);
}

void collector_poll(void)
{
    struct heap *h = &process_heap;
    look_around(h);
    if (__atomic_load_n(&collector.disabled, __ATOMIC_RELAXED))
        return;
    size_t stress = OPTION_NOW(stress);
    if (stress && __atomic_add_fetch(&collector.refills, 1, __ATOMIC_RELAXED) >= stress)
        collector_run(CAUSE_STRESS);
    else if (!is_due(h))
        return;
    else if (__atomic_load_n(&h->managed, __ATOMIC_RELAXED))
        collector_run(CAUSE_BUDGET);
    else
        pace_without_cycle(h);
}

bool collector_create(struct heap *h)
{
    collector.started = os_now();
    return marker_create(&collector.marker, h, MARKER_PART) &&
           workers_create(&collector.marker);
}

void gc_mark_range(const void *low, const void *high)
{
    if (!world_is_mine())
        return;
    marker_scan_roots(&collector.marker, (uintptr_t)low, (uintptr_t)high);
    if (OPTION_NOW(verify) || collector.leak_phase)
        range_list_add(&cycle.callbacks, (uintptr_t)low, (uintptr_t)high);
}

void gc_disable(void)
{
    __atomic_fetch_add(&collector.disabled, 1, __ATOMIC_RELAXED);
}

void gc_enable(void)
{
    static bool said PRIVATE_DATA;
    unsigned disabled = __atomic_load_n(&collector.disabled, __ATOMIC_RELAXED);
    if (disabled == 0 && !__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        log_line("gc_enable was called more often than gc_disable: it did nothing");
    while (disabled &&
           !__atomic_compare_exchange_n(&collector.disabled, &disabled, disabled - 1,
                                        true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
}
