/* The collector: one cycle, from stopping to going on. */
#ifndef GCALLOC_COLLECT_COLLECTOR_H
#define GCALLOC_COLLECT_COLLECTOR_H

#include <stdint.h>

#include "collect/mark.h"
#include "roots/range.h"

/* Why a cycle runs; shown in the log. */
enum cause {
    CAUSE_BUDGET,  /* enough was allocated since the last */
    CAUSE_MEMORY,  /* an allocation found none */
    CAUSE_REQUEST, /* gc_collect */
    CAUSE_STRESS,  /* option stress */
    CAUSE_LEAKS,   /* a leak check */
    CAUSE_IDLE,    /* the program rests */
};

/* Changed by a cycle, under the world lock, unless it says something else. */
struct collector {
    struct marker marker;
    unsigned disabled; /* gc_disable less gc_enable.  Atomic */
    uint64_t started;  /* when the heap was made; os_now */
    uint64_t collections;
    uint64_t pause_ns_last, pause_ns_max, pause_ns_total;
    uint64_t stop_ns_last, stop_ns_total, mark_ns_total, sweep_ns_total;
    /* Called in the pause, when all is marked that roots other than manual objects reach;
     * set for one cycle by a leak check, else NULL. */
    void (*leak_phase)(struct heap *h, const struct range_list *stacks,
                       const struct range_list *roots,
                       const struct range_list *callbacks);
    size_t refills; /* since the last cycle, for option stress.  Atomic */
};

SHARED_DATA struct collector collector;

/* false with ENOMEM. */
bool collector_create(struct heap *h);

/* One full cycle, on the calling thread, which is registered and in no critical section.
 * If another thread's ends while it waits, that one will do, but for requests and leak
 * checks.  Nothing happens inside of a cycle. */
void collector_run(enum cause cause);

/* How many there have been. */
uint64_t collector_count(void);

/* Called before a cache takes a new run or a large object its memory: runs a cycle if
 * one is due and allowed. */
void collector_poll(void);

#endif
