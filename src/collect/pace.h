/* Pacing: when the next cycle is due, and how much memory to keep until then. */
#ifndef GCALLOC_COLLECT_PACE_H
#define GCALLOC_COLLECT_PACE_H

#include "heap/types.h"

/* Sets the budget from what the last cycle found alive, and returns what free memory the
 * heap will not need before the next. */
void pace_after_cycle(struct heap *h);

/* Takes over options that may have changed: limit, floor and growth. */
void pace_configure(struct heap *h);

#endif
