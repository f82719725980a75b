/* Sweep: what the marker did not reach becomes free, and the blocks are listed anew.  It
 * runs at the end of a cycle, on a stopped world, and does not look into objects.
 * Invariant: afterwards what lives is what is marked, and a block without a living object
 * and without a cache has gone. */
#ifndef GCALLOC_HEAP_SWEEP_H
#define GCALLOC_HEAP_SWEEP_H

#include "heap/types.h"

/* Requires that every reachable object has state h->numbers->mark.  Afterwards no object
 * has another mark or NEW, every list holds its blocks with free slots in order of
 * address, empty blocks have gone, and live_bytes, live_objects and the counters are up
 * to date.
 *
 * With `recounts`, what lives is counted from nothing.  Without, tenured blocks are left out, and what
 * the last sweep counted stands but for what has gone with whole blocks and for the other blocks, of
 * which each replaces its part of it.  Blocks are then listed behind those that were before.
 *
 * Returns by how many bytes blocks have come to hold more marked objects than after the last sweep, each for
 * itself: as much at least has been allocated since and has survived. */
size_t sweep(struct heap *h, bool recounts);

/* Sweeps with a new count, but leaves the blocks that were tenured and stay that to be swept beside the program
 * (heap/sweep_later.h), if nobody is to be told of what was found dead.  They count with what they had. */
size_t sweep_but_tenured(struct heap *h);

#endif
