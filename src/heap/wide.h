/* Wide objects: larger than what caches keep, and several to a block.  On huge pages the
 * rest of an object's last unit is memory, up to nine tenths of an object of 70,000
 * bytes; in blocks of their own such objects waste a tenth at most, unless they are
 * aligned.  They are handed out and come back one at a time, under the lock of the
 * block's list: what they are used for takes longer than that. */
#ifndef GCALLOC_HEAP_WIDE_H
#define GCALLOC_HEAP_WIDE_H

#include "heap/types.h"

/* Returns an object for a bin of wide slots, which is the program's from now on; in a
 * critical section.  *clean says that it reads as zero, otherwise it is as it was.
 * Returns NULL if the object is to have an extent to itself, as the heap is too small for
 * huge pages or has no slot and too little use for more of them, or if there is no memory. */
void *wide_alloc(struct heap *h, unsigned bin, unsigned shard, bool *clean);

/* Halves the numbers of wide objects that were wanted, so that what comes counts for
 * more.  The world is stopped. */
void wide_forget(struct heap *h);

#endif
