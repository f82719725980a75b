/* The runs of a cache's bins, for cache.c alone: taking the next one, and giving up the
 * present one.  What a run is, and whose its block, stands in run.c.  The slots of a run
 * are STATE_RESERVED until they are handed out. */
#ifndef GCALLOC_HEAP_RUN_H
#define GCALLOC_HEAP_RUN_H

#include "heap/types.h"

/* Takes the bin's next run, once the present one is used up, or puts scattered free slots
 * into its magazine, which is empty.  Returns false with errno ENOMEM if there is no
 * memory for another block. */
bool run_take(struct cache *c, unsigned bin);

/* Gives up the bin's block; the rest of the run becomes free in the heap. */
void run_drop(struct cache *c, unsigned bin);

#endif
