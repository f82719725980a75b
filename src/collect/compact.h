/* When blocks are meshed (heap/mesh.h), with option compact: a step in each full cycle, whole rounds after gc_collect
 * and while the program rests, and steps between allocations in a program whose heap has no cycles.  None is
 * done in a stop in which some thread does not stand still. */
#ifndef GCALLOC_COLLECT_COMPACT_H
#define GCALLOC_COLLECT_COMPACT_H

#include "heap/types.h"

/* Has the heap meshed from now on, as option compact says.  What stands in the way is logged. */
void compact_start(struct heap *h);

/* A step in a full cycle that has swept.  The world is stopped. */
void compact_in_cycle(struct heap *h);

/* Goes on to the end of the round, with a stop for every few steps.  The calling thread is registered, and nothing is
 * locked. */
void compact_all(struct heap *h);

/* Has the program's threads do steps from now on, when they come by, until a round has ended.  With `rests` the
 * program has come to rest, which is time for a round whatever came of the last ones. */
void compact_soon(struct heap *h, bool rests);

/* Does such a step if one is due.  The calling thread is registered, and nothing is locked. */
void compact_poll(struct heap *h);

#endif
