/* Holes: pages inside blocks of slots that hold no object and were given back to the
 * system.  Their slots are free as any others, and read as zero; the blocks stay where
 * they are.  Invariant: hole_bytes counts all holes, and none lies in a slot that is not FREE, unless
 * the slot is lent (heap/mesh_pages.h). */
#ifndef GCALLOC_HEAP_HOLES_H
#define GCALLOC_HEAP_HOLES_H

#include "heap/types.h"

/* Gives back pages that hold no object, but for the first of them, which together with the
 * states of blocks that are not full are no more than `keep` bytes.  Returns the rest of
 * `keep`.  Blocks that caches draw from are left alone.  The world lock is held, or the heap
 * is the caller's alone; the world need not stand. */
size_t holes_make(struct heap *h, size_t keep);

/* The page of the block, which has one unit, holds no memory: if no object lies there either, it is a hole.  The
 * world is stopped. */
void holes_note(struct heap *h, uint32_t head, unsigned page);

/* Gives back pages without objects of quiet blocks, once so many have become that since the last time that it is worth the
 * calls of the system, and the splitting of huge pages.  The world lock is held; the world need not stand. */
void holes_make_quiet(struct heap *h);

/* The heap is to have huge pages everywhere again, if few holes are left.  The world
 * lock is held, or the heap is the caller's alone. */
void holes_recover(struct heap *h);

/* Closes the holes in the bytes [from, to) of a block, as slots there are being handed
 * out.  The lock of the block's list is held. */
void holes_fill(struct heap *h, uint32_t head, size_t from, size_t to);

/* Checks that there is no object in the block's holes.  Returns their bytes. */
size_t holes_check(const struct heap *h, uint32_t head);

#endif
