/* Units with pages that the program has altered: by mprotect, by guards, by mapping something else
 * over them.  Such memory is an object's for as long as that lives, and nobody's then: a block
 * with it is set apart, so that none of its slots is handed out, and its units get new memory
 * when they are free.  The library does not ask the system what pages are like: it is told by
 * the program's calls (mutator/protect.c) and by what marking could not read. */
#ifndef GCALLOC_HEAP_ALTERED_H
#define GCALLOC_HEAP_ALTERED_H

#include "heap/types.h"

/* The program is about to alter pages in [low, high), some of which may lie in its objects.
 * Called anywhere, in a signal handler too. */
void altered_note(struct heap *h, uintptr_t low, uintptr_t high);

/* Marking has found that a page at the address cannot be read.  The world is stopped; several
 * markers at a time. */
void altered_found(struct heap *h, uintptr_t address);

/* Some unit of the block is altered. */
bool altered_block(const struct heap *h, uint32_t head);

/* Gives the altered units of [first, end), which are free but in no extent yet, new memory, which
 * they hold none of.  Those for which there is none become units of class none: nobody has them
 * any more.  The extent lock is held. */
void altered_renew(struct heap *h, uint32_t first, uint32_t end);

#endif
