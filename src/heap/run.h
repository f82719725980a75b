/* For cache.c: the runs of its bins. */
#ifndef GCALLOC_HEAP_RUN_H
#define GCALLOC_HEAP_RUN_H

#include "heap/types.h"

/* Takes the bin's next run, once the present one is used up, or puts scattered free slots into its
 * magazine, which is empty.  false with ENOMEM: there is no memory for another block. */
bool run_take(struct cache *c, unsigned bin);

/* The cache is done with the bin's block; the rest of the run becomes free in the heap. */
void run_drop(struct cache *c, unsigned bin);

#endif
