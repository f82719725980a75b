/* The collector of a heap: when there is a cycle, and the stop of the world around it.
 * What a cycle does is in cycle.h; who asks for one on the slow paths, in trigger.h, and
 * when the program rests, in idle.h.  A cycle runs only on a world that is stopped and
 * whose roots are all known. */
#ifndef GCALLOC_COLLECT_COLLECTOR_H
#define GCALLOC_COLLECT_COLLECTOR_H

#include <stdint.h>

#include "collect/concurrent.h"
#include "collect/generations.h"
#include "collect/mark.h"

/* Why a collection does not come about. */
enum obstacle { THREAD_RUNS, THREADS_UNKNOWN, ROOTS_UNKNOWN, OBSTACLES };

/* The fields change in a cycle, under the world lock, unless a field says something else. */
struct collector {
    struct heap *heap;
    const struct cycle_kind *kind; /* of its full cycles */
    struct marker marker;
    struct cycle cycle; /* the present one, or the last */
    struct generations generations;
    struct concurrent concurrent;
    uint64_t young_collections, concurrent_collections; /* of the collections */
    uint64_t young_static_bytes; /* of static data that young ones have scanned */
    uint64_t marking_assists;    /* of collections that mark beside the program */
    unsigned disabled;           /* gc_disable less gc_enable.  Atomic */
    uint64_t started;            /* when the heap was made; os_now */
    uint64_t collections;
    uint64_t looks; /* beside the collections (cycle_look) */
    uint64_t pause_ns_last, pause_ns_max, pause_ns_total;
    uint64_t stop_ns_last, stop_ns_total, mark_ns_total, sweep_ns_total;
    size_t refills;       /* since the last cycle, for option stress.  Atomic */
    bool said[OBSTACLES]; /* in the log, once */
};

/* Hooks by which the folders above are told of collections: before one is tried, and
 * after it.  Both are called on the thread that collects, in a running world, with no
 * lock held and in no critical section, but not by a search for leaks, nor by a look. */
struct collector_hooks {
    void (*before)(struct collector *c);
    void (*after)(struct collector *c);
};

SHARED_DATA struct collector_hooks collector_hooks; /* each atomic; NULL: nobody */

/* The collector of the process heap. */
SHARED_DATA struct collector process_collector;

/* Makes the collector of a heap.  Returns false with errno ENOMEM if there is no memory.
 * The world lock is held. */
bool collector_create(struct collector *c, struct heap *h);

/* Runs one full cycle on the calling thread, which is registered and in no critical
 * section.  If another thread's cycle ends while it waits, that one will do, but for
 * requests, leak checks and looks.  Inside of a cycle the call does nothing. */
void collector_run(struct collector *c, enum cause cause);

/* Ends a cycle that has begun to mark beside the program, if one has.  Called as collector_run is. */
void collector_end_begun(struct collector *c);

/* How many collections there have been. */
uint64_t collector_count(const struct collector *c);

/* Whether no cycle comes of itself, as gc_disable was called more often than gc_enable. */
INLINE bool collector_is_disabled(const struct collector *c)
{
    return __atomic_load_n(&c->disabled, __ATOMIC_RELAXED);
}

/* Checks that the collector's times add up.  Called after a cycle; the world lock is held. */
void collector_check(const struct collector *c);

/* Whether the budget is used up, or a cycle that marked beside the program is to end. */
bool collector_is_due(const struct collector *c);

#endif
