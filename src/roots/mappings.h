/* All memory of the process as a root that is not the library's own: with option collect, as a program that knows
 * nothing of the collector keeps pointers where it likes (in memory of mmap and of the program break, in stacks of
 * its own making, in pools of libraries); with option mappings, in reports of leaks; and while a foreign thread
 * sleeps of which it is not known where its stack is. */
#ifndef GCALLOC_ROOTS_MAPPINGS_H
#define GCALLOC_ROOTS_MAPPINGS_H

#include "heap/types.h"
#include "roots/range.h"

/* Adds what the list lacks of the pages that are there of private mappings, and of shared ones that can be
 * written or are no file on a disk; without devices, the heap, the library's own memory and the stacks of threads that are known.  The
 * list is incomplete if the kernel does not tell.  What of it is code that was made at run time is added to
 * `code`, too: instructions have pointers at any address.  The world is stopped. */
void mappings_add(const struct heap *h, struct range_list *l, struct range_list *code);

#endif
