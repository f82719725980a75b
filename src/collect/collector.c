/* One collection, from the first root to the last free block. */
#include "collect/collector.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/options.h"
#include "base/os.h"
#include "base/track.h"
#include "collect/pace.h"
#include "collect/verify.h"
#include "heap/cache.h"
#include "heap/heap.h"
#include "heap/sweep.h"
#include "roots/registered.h"
#include "roots/segments.h"
#include "roots/stack.h"
#include "roots/tls.h"
#include "world/thread.h"

struct collector collector PRIVATE_DATA;

/* What a cycle scans, and what it measures. */
struct cycle {
    enum cause cause;
    uintptr_t sp;             /* the mutator's stack from here up */
    struct range_list stacks; /* the stacks it is on */
    struct range_list roots;  /* static data, thread-local storage, registered ranges */
    struct range_list callbacks;   /* what root callbacks named, for verify */
    uint64_t began, marked, swept; /* os_now */
    uint64_t reclaimed_before;     /* bytes */
    size_t unused;                 /* memory of free units before the cycle */
};

static struct cycle cycle PRIVATE_DATA;

static void add_range(void *argument, struct range r)
{
    range_list_add(argument, r.low, r.high);
}

/* Asks the loader and the unwinder what there is: both may take locks, and so do so
 * before the world stops. */
static void snapshot_roots(struct heap *h)
{
    range_list_clear(&cycle.stacks);
    range_list_clear(&cycle.roots);
    range_list_clear(&cycle.callbacks);
    stack_snapshot(h, cycle.sp, &cycle.stacks);
    segments_snapshot(&cycle.roots);
    tls_values_snapshot(&cycle.roots);
    registered_walk(add_range, &cycle.roots);
}

/* A root that is missing from the lists would be objects lost: then nothing is reclaimed.
 */
static bool roots_complete(void)
{
    return !cycle.stacks.incomplete && !cycle.roots.incomplete;
}

static void mark_from_roots(struct marker *m)
{
    for (size_t i = 0; i < cycle.stacks.count; i++)
        marker_scan_stack(m, cycle.stacks.ranges[i].low, cycle.stacks.ranges[i].high);
    for (size_t i = 0; i < cycle.roots.count; i++)
        marker_scan_roots(m, cycle.roots.ranges[i].low, cycle.roots.ranges[i].high);
    registered_callbacks_run();
    marker_drain(m);
}

/* Manual objects that are not marked by now are leaks. */
static void find_leaks(struct marker *m)
{
    if (collector.leak_phase)
        collector.leak_phase(m->heap, &cycle.stacks, &cycle.roots, &cycle.callbacks);
}

/* Manual objects come after all other roots, so that what only they keep can be told. */
static void mark_manual(struct marker *m)
{
    marker_mark_manual(m);
    marker_drain(m);
}

/* The collector's own frames lie in memory that is scanned, and change meanwhile: the two
 * markers may then see different words. */
static bool runs_on_a_root(const struct heap *h)
{
    if (cycle.sp - h->base < h->bytes)
        return true;
    for (size_t i = 0; i < cycle.roots.count; i++)
        if (cycle.sp >= cycle.roots.ranges[i].low &&
            cycle.sp < cycle.roots.ranges[i].high)
            return true;
    return false;
}

static void verify(struct marker *m)
{
    if (options.verify && !cycle.callbacks.incomplete && !runs_on_a_root(m->heap))
        verify_marks(m->heap, &cycle.stacks, &cycle.roots, &cycle.callbacks);
}

static void check_heap(struct marker *m)
{
    if (!GC_CHECKING)
        return;
    heap_check(m->heap, the_mutator.cache);
    registered_check();
}

/* Between marking from the roots and the sweep, in this order. */
static void (*const phases[])(struct marker *m) = {find_leaks, mark_manual, verify,
                                                   check_heap};

static void note_times(struct heap *h, uint64_t ended)
{
    uint64_t pause = ended - cycle.began;
    collector.collections++;
    collector.refills = 0;
    collector.pause_ns_last = pause;
    collector.pause_ns_max = max_size(collector.pause_ns_max, pause);
    collector.pause_ns_total += pause;
    collector.mark_ns_total += cycle.marked - cycle.began;
    collector.sweep_ns_total += cycle.swept - cycle.marked;
    if (!options.log)
        return;
    static const char *const names[] = {"budget", "memory", "request", "stress", "leaks"};
    log_line("gc %llu (%s) pause %llu us (mark %llu, sweep %llu), live %zu KiB in %zu "
             "objects, freed %llu KiB, heap %zu KiB, next after %zu KiB, at %llu ms",
             (unsigned long long)collector.collections, names[cycle.cause],
             (unsigned long long)pause / 1000,
             (unsigned long long)(cycle.marked - cycle.began) / 1000,
             (unsigned long long)(cycle.swept - cycle.marked) / 1000, h->live_bytes >> 10,
             h->live_objects,
             (unsigned long long)(h->counters.reclaimed_bytes - cycle.reclaimed_before) >>
                 10,
             (h->used_bytes + h->dirty_bytes) >> 10, h->budget >> 10,
             (unsigned long long)(ended - collector.started) / 1000000);
}

static void run_cycle(struct heap *h)
{
    struct marker *m = &collector.marker;
    snapshot_roots(h);
    if (!roots_complete()) {
        log_line("no memory to list the roots; this collection is left out");
        return;
    }
    cycle.began = os_now();
    cycle.reclaimed_before = h->counters.reclaimed_bytes;
    cycle.unused = h->dirty_bytes;
    track_scan_begin();
    marker_begin(m);
    mark_from_roots(m);
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
        phases[i](m);
    marker_end(m);
    cycle.marked = os_now();
    sweep(h);
    cycle.swept = os_now();
    pace_after_cycle(h, cycle.cause == CAUSE_REQUEST, cycle.unused);
    check_heap(m);
    track_scan_end();
    note_times(h, os_now());
}

/* Every callee-saved register is on the stack by now, above this frame's address. */
NOINLINE static void run_from_here(enum cause cause)
{
    cycle.cause = cause;
    cycle.sp = (uintptr_t)__builtin_frame_address(0);
    run_cycle(&process_heap);
}

NOINLINE void collector_run(enum cause cause)
{
    int saved_errno = errno;
    if (collector.running)
        return;
    collector.running = true;
    __builtin_unwind_init();
    run_from_here(cause);
    __asm__ volatile("" ::: "memory"); /* no tail call: this frame holds the registers */
    collector.running = false;
    errno = saved_errno;
}

void collector_poll(void)
{
    struct heap *h = &process_heap;
    if (collector.disabled)
        return;
    if (options.stress && ++collector.refills >= options.stress)
        collector_run(CAUSE_STRESS);
    else if (h->charged >= h->budget && h->managed)
        collector_run(CAUSE_BUDGET);
    else if (h->charged >= h->budget)
        pace_without_cycle(h);
}

bool collector_create(struct heap *h)
{
    collector.started = os_now();
    return marker_create(&collector.marker, h);
}

void gc_mark_range(const void *low, const void *high)
{
    if (!collector.running)
        return;
    marker_scan_roots(&collector.marker, (uintptr_t)low, (uintptr_t)high);
    if (options.verify || collector.leak_phase)
        range_list_add(&cycle.callbacks, (uintptr_t)low, (uintptr_t)high);
}

void gc_disable(void)
{
    collector.disabled++;
}

void gc_enable(void)
{
    if (collector.disabled)
        collector.disabled--;
}
