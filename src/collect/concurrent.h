/* Full cycles that mark while the program runs.  Such a cycle has two stops.  The first changes the mark value
 * and marks what the roots point to.  Then a thread of the library's own marks what is reachable from
 * there, and has what the program writes meanwhile scanned again.  The second stop goes on as a young
 * cycle does: it marks from the roots and from what was written since, and sweeps.
 *
 * Invariant: between the stops, each marked object is grey; or all that it points to is marked; or it lies in a
 * page that was written to since it was scanned, or in a block that is not tenured.  So the second
 * stop may come at any time, however far the thread has got: the less is left for it, the shorter it is.
 *
 * What is reclaimed was unreachable in the second stop, and had been so in the first, or was allocated
 * since; the rest of what became garbage meanwhile may be left to the next cycle. */
#ifndef GCALLOC_COLLECT_CONCURRENT_H
#define GCALLOC_COLLECT_CONCURRENT_H

#include "collect/cycle.h"

struct collector;

/* The two stops. */
extern const struct cycle_kind cycle_begin, cycle_finish;

/* What is known of these cycles of one heap.  Under the world lock, but for begin_at. */
struct concurrent {
    uint64_t number; /* of cycles that have begun */
    size_t
        begin_at; /* bytes charged from which on the next is to begin; 0: it is not.  Atomic */
    uint64_t full_ns; /* what the last full cycle took that stood still for all of it, */
    size_t full_live; /* and what it found alive */
    uint64_t last_ended; /* os_now, of the last cycle that was no young one */
    uint64_t
        pages; /* that the program wrote to since marking began, as far as is known */
    /* So many full cycles are to stand still, and as many when the next one does not pay. */
    uint32_t aside, patience;
};

/* Whether cycles are to mark beside the program where that pays. */
bool concurrent_is_wanted(void);

/* Whether one can begin now, or has begun.  It may be another way by the time that the world stops. */
bool concurrent_is_possible(const struct heap *h);

/* How long a full cycle would take that stands still for all of it, by what lives now, in nanoseconds. */
uint64_t concurrent_expected_ns(const struct concurrent *k, const struct heap *h);

/* Whether a full cycle is expected to take longer than option pause allows. */
bool concurrent_pays(const struct concurrent *k, const struct heap *h);

/* Whether so much has been allocated that the next cycle is to begin. */
bool concurrent_is_due(const struct heap *h, const struct concurrent *k);

/* Has the marking go on that a cycle has begun, if one has, and is not at its end, and the sweeping that one
 * has left.  Called on a slow path, in no critical section.  Changes errno. */
void concurrent_go_on(struct collector *c);

/* The budget is used up, and marking is not at its end: the calling thread, which allocates, marks some of
 * what is left.  Returns false if a second stop is better now: there is nothing to mark for a thread of the
 * program's, or a quarter more than the budget has been used.  Called on a slow path, in no critical section. */
bool concurrent_assist(struct collector *c);

/* Whether there is a thread that sweeps what a cycle leaves. */
bool concurrent_has_thread(void);

/* Takes note of a cycle.  The world is stopped. */
void concurrent_note(struct concurrent *k, const struct cycle *c);

#endif
