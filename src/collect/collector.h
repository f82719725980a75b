/* The collector of a heap: when there is a cycle, and the stop of the world around it.  What
 * a cycle does is in cycle.h; who asks for one on the slow paths, in trigger.h, and when the
 * program rests, in idle.h. */
#ifndef GCALLOC_COLLECT_COLLECTOR_H
#define GCALLOC_COLLECT_COLLECTOR_H

#include <stdint.h>

#include "collect/cycle.h"
#include "collect/mark.h"

/* Why a collection does not come about. */
enum obstacle { THREAD_RUNS, THREADS_UNKNOWN, ROOTS_UNKNOWN, OBSTACLES };

/* Changed by a cycle, under the world lock, unless it says something else. */
struct collector {
    struct heap *heap;
    struct marker marker;
    struct cycle cycle; /* the present one, or the last */
    unsigned disabled;  /* gc_disable less gc_enable.  Atomic */
    uint64_t started;   /* when the heap was made; os_now */
    uint64_t collections;
    uint64_t pause_ns_last, pause_ns_max, pause_ns_total;
    uint64_t stop_ns_last, stop_ns_total, mark_ns_total, sweep_ns_total;
    size_t refills;       /* since the last cycle, for option stress.  Atomic */
    bool said[OBSTACLES]; /* in the log, once */
};

/* Who is above is told of collections: before one is tried, and after that.  Both are called on
 * the thread that collects, in a running world, with no lock held and in no critical section,
 * but not by a search for leaks. */
struct collector_hooks {
    void (*before)(struct collector *c);
    void (*after)(struct collector *c);
};

SHARED_DATA struct collector_hooks collector_hooks; /* NULL: nobody.  Atomic, each */

/* The collector of the process heap. */
SHARED_DATA struct collector process_collector;

/* false with ENOMEM.  The world lock is held. */
bool collector_create(struct collector *c, struct heap *h);

/* One full cycle, on the calling thread, which is registered and in no critical section.
 * If another thread's ends while it waits, that one will do, but for requests and leak
 * checks.  Nothing happens inside of a cycle. */
void collector_run(struct collector *c, enum cause cause);

/* How many there have been. */
uint64_t collector_count(const struct collector *c);

/* No cycle comes of itself: gc_disable was called more often than gc_enable. */
INLINE bool collector_is_disabled(const struct collector *c)
{
    return __atomic_load_n(&c->disabled, __ATOMIC_RELAXED);
}

/* Its times add up.  After a cycle; the world lock is held. */
void collector_check(const struct collector *c);

/* The budget is used up. */
bool collector_is_due(const struct collector *c);

#endif
