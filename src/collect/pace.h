/* Pacing: when the next cycle is due, and how much memory to keep until then. */
#ifndef GCALLOC_COLLECT_PACE_H
#define GCALLOC_COLLECT_PACE_H

#include "heap/types.h"

/* Sets the budget from what the last cycle found alive, and returns free memory that the
 * heap will not need before the next.  `thorough`: all beyond the budget; else only what
 * exceeds it by half, and of that no more than `unused`, the bytes that lay in free units
 * all the time since the cycle before: a page that goes back and comes again costs more
 * than marking all the objects in it. */
void pace_after_cycle(struct heap *h, bool thorough, size_t unused);

/* Takes over options that may have changed: limit, floor and growth. */
void pace_configure(struct heap *h);

/* In place of a cycle that would reclaim nothing, as all objects are manual: memory that
 * is not needed goes back. */
void pace_without_cycle(struct heap *h);

#endif
