/* Sweep: what the marker did not reach becomes free, and the blocks are listed anew. */
#ifndef GCALLOC_HEAP_SWEEP_H
#define GCALLOC_HEAP_SWEEP_H

#include "heap/types.h"

/* Requires that every reachable object has state h->mark.  Afterwards no object has
 * another mark or NEW, every list holds its blocks with free slots in order of
 * address, empty blocks have gone, and live_bytes, live_objects and the counters are
 * up to date. */
void sweep(struct heap *h);

#endif
