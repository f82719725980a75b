/* Pacing: when the next cycle is due, and how much memory to keep until then.  It decides
 * by what the last cycle counted and by the options, and runs no cycle.  The budget is
 * never so small that a heap near a limit collects without end. */
#ifndef GCALLOC_COLLECT_PACE_H
#define GCALLOC_COLLECT_PACE_H

#include "heap/types.h"

/* What is allocated at least between two young cycles: about twice the second-level cache, as less would be
 * collected before it has left that. */
#define YOUNG_LEAST MIB(4)

/* What a cycle was like. */
struct pace_cycle {
    bool thorough;         /* all memory beyond the budget goes */
    bool young;            /* old objects count as they did */
    size_t unused;         /* bytes in free units that held memory before it */
    size_t charged;        /* bytes that were allocated since the one before */
    uint64_t began, ended; /* os_now */
    uint64_t time_used;    /* os_processor_time when it began; 0: not known */
};

/* Sets the budget from what the last cycle found alive, and returns free memory that the
 * heap will not need before the next.  After a thorough cycle all memory beyond the
 * budget goes, pages inside blocks too.  After another only free units do, what exceeds
 * the budget by half, and of that no more than `unused`, which lay there all the time
 * since the cycle before: a page that goes back and comes again costs more than marking
 * all the objects in it. */
void pace_after_cycle(struct heap *h, const struct pace_cycle *c);

/* Whether the next cycle is to be a full one, as what the young ones since the last have kept is as much as may
 * be allocated between two full ones. */
bool pace_wants_full(const struct heap *h);

/* After a young cycle that is the last for now: the next one comes when what is left of a full cycle's budget
 * is used up.  The world is stopped. */
void pace_go_on_full(struct heap *h);

/* While marking goes on beside the program, half a budget more may be allocated. */
void pace_while_marking(struct heap *h);

/* Takes over options that may have changed: limit, floor, growth and share. */
void pace_configure(struct heap *h);

/* Returns memory that is not needed, in place of a cycle that would reclaim nothing, as
 * all objects are manual. */
void pace_without_cycle(struct heap *h);

/* Returns what free units hold beyond what stays after a cycle, if it lay unused since
 * the last call.  The world lock is held. */
void pace_while_busy(struct heap *h);

/* Returns all memory beyond the budget, without a cycle.  The world lock is held. */
void pace_at_rest(struct heap *h);

/* Checks after a cycle that what the next one is paced by is in its bounds, and that
 * nothing is charged yet. */
void pace_check(const struct heap *h);

/* A heap that has become large looks once what its control group may hold, and who tells whether memory is
 * short.
 * pace_lacks_limit says whether it has yet to; pace_learn_limit, in a running world,
 * looks, and returns true if there is a limit, in which case pace_configure is to be called. */
bool pace_lacks_limit(const struct heap *h);
bool pace_learn_limit(struct heap *h);

/* For option gc_share: returns the budget in percent of what is usual, from the
 * percentage before, the time that the collection took and the time that the program ran
 * before it.  Twice the budget is half the share. */
size_t pace_stretch(size_t stretch, size_t share, uint64_t collecting, uint64_t running);

/* For option memory: returns the budget with which collecting takes `share` percent of the time, from the bytes that
 * were allocated while the program ran for so long, and how long the collection after that took, in
 * nanoseconds. */
size_t pace_affordable(size_t share, size_t charged, uint64_t collecting,
                       uint64_t running);

/* For option pressure: returns the part of its budget, in percent, that a heap goes without, from what that was before
 * and for how many thousandths of the time some task has waited for memory since then.  Heaps that are told
 * the same come to go without the same part, however much they had; none goes without all. */
unsigned pace_yield(unsigned before, int stalled);

#endif
