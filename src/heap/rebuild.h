/* A heap made sound again from what cannot be torn: the words of its units, the states of its objects
 * and the sizes of large ones.  Lists, extents and counters follow from those.
 *
 * That is how a heap that processes share is recovered when one of them died at any instruction, and how
 * one in a file is taken over from whoever wrote it, who may mean no good: no number is believed that
 * was not looked at.  An update that was under way is undone where no object of the program's depends on
 * it: a block whose words are not all there becomes free units, and so does a block without objects. */
#ifndef GCALLOC_HEAP_REBUILD_H
#define GCALLOC_HEAP_REBUILD_H

#include "heap/lookup.h"

/* What is wrong with a heap that cannot be rebuilt. */
struct rebuild_fault {
    const char *what; /* NULL: nothing */
    uint32_t unit;
};

/* Makes everything anew but the states of objects: RESERVED slots, of whatever cache, are FREE then, and
 * no cache may use what it held before.  With `suspect` no memory counts as untouched, and objects have
 * no marks, as somebody died in the midst of something.  Nobody else is at work on the heap.  Where a
 * fault is found that no death leaves behind, it returns false, and the heap is not to be used. */
bool heap_rebuild(struct heap *h, bool suspect, struct rebuild_fault *fault);

/* Believes of no memory of a shared heap that it is zero, as pages of the file may be of different times: free units
 * are dirty, and what lies behind the last unit, with its words, is given back.  Before heap_rebuild. */
void heap_distrust(struct heap *h);

/* How many units the block has that begins at this unit; 0: no block does, all of whose words are there. */
uint32_t heap_whole_block(const struct heap *h, uint32_t head);

/* Looks for such a fault, and changes nothing. */
bool heap_is_plausible(struct heap *h, struct rebuild_fault *fault);

/* As lookup_cell, for a heap of which nothing was made anew: words may be anything, and what they say is
 * believed only if those of the unit and of its block's head agree. */
struct cell heap_cell(const struct heap *h, uintptr_t address);

/* Sets memory aside for all blocks of a shared heap, which may have come in a file with holes.  Returns false
 * if there is none. */
bool heap_back_blocks(struct heap *h);

/* Makes the list of blocks anew that this lock guards, whose holder died; others are at work elsewhere.
 * Blocks that its cache had taken stay so until heap_rebuild. */
void heap_rebuild_list(struct heap *h, struct lock *l);

#endif
