/* Pacing: when the next cycle is due, and how much memory to keep until then. */
#ifndef GCALLOC_COLLECT_PACE_H
#define GCALLOC_COLLECT_PACE_H

#include "heap/types.h"

/* What a cycle was like. */
struct pace_cycle {
    bool thorough;         /* all memory beyond the budget goes */
    size_t unused;         /* bytes in free units that held memory before it */
    uint64_t began, ended; /* os_now */
};

/* Sets the budget from what the last cycle found alive, and returns free memory that the
 * heap will not need before the next.  Thorough: all beyond the budget, pages inside blocks
 * too; else only free units, what exceeds the budget by half, and of that no more than
 * `unused`, which lay there all the time since the cycle before: a page that goes back and
 * comes again costs more than marking all the objects in it. */
void pace_after_cycle(struct heap *h, const struct pace_cycle *c);

/* Takes over options that may have changed: limit, floor, growth and share. */
void pace_configure(struct heap *h);

/* In place of a cycle that would reclaim nothing, as all objects are manual: memory that
 * is not needed goes back. */
void pace_without_cycle(struct heap *h);

/* What free units hold beyond what stays after a cycle goes back, if it lay unused since the
 * last call.  The world lock is held. */
void pace_while_busy(struct heap *h);

/* All memory beyond the budget goes back, without a cycle.  The world lock is held. */
void pace_at_rest(struct heap *h);

/* After a cycle: what the next one is paced by is in its bounds, and nothing is charged yet. */
void pace_check(const struct heap *h);

/* In a running world: a heap that has become large, and lacks it yet, looks once what its
 * control group may hold.  true: there is a limit, and pace_configure is to be called. */
bool pace_lacks_limit(const struct heap *h);
bool pace_learn_limit(struct heap *h);

/* For option gc_share: the budget in percent of what is usual, from what it was before, the
 * time that the collection took and the time that the program ran before it.  Twice the
 * budget is half the share. */
size_t pace_stretch(size_t stretch, size_t share, uint64_t collecting, uint64_t running);

#endif
