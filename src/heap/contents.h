/* What the memory of a heap holds: of each page that is there, which bytes are whose. */
#ifndef GCALLOC_HEAP_CONTENTS_H
#define GCALLOC_HEAP_CONTENTS_H

#include "heap/types.h"

/* Bytes in pages that are there: of units, first, then of tables. */
struct heap_contents {
    size_t kept,
        fresh; /* objects: found alive by the last cycle, and others that are the program's */
    size_t free_slots, reserved;
    size_t tails;                 /* behind the last slot of a block */
    size_t lent;                  /* places whose memory another block uses */
    size_t free_units, unit_runs; /* in no block */
    size_t numbers, states, words, descriptors, types, sites;
};

/* Looks through the heap, with the file that os_pages_open has opened, which tells what is there; all is, if it
 * is -1.  Threads go on meanwhile, and then no two blocks are seen at one instant; a block is.  Takes
 * time in proportion to the memory that the heap holds, and its locks one by one. */
struct heap_contents heap_contents(struct heap *h, int file);

#endif
