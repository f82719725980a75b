/* Pages that the program has altered: by mprotect, by guards, by mapping something else
 * over them.  Such a page is an object's for as long as that lives, and gets new memory
 * before anybody else has it: when the object is freed, when it is swept, or with all of
 * its block.  (Not where a handler that interrupted a section of the library altered it,
 * and the object is freed before the next sweep.)  The library does not ask the system
 * what pages are like: it is told by the program's calls (mutator/protect.c) and by what
 * marking could not read.
 *
 * Invariant: a unit with such a page is UNIT_ALTERED, and a block of slots with such a
 * unit is of SHARD_APART, at the latest from the next sweep on; no page of a free unit is
 * altered. */
#ifndef GCALLOC_HEAP_ALTERED_H
#define GCALLOC_HEAP_ALTERED_H

#include "heap/lookup.h"

/* The program is about to alter pages in [low, high), some of which may lie in its objects.
 * Called anywhere, in a signal handler too. */
void altered_note(struct heap *h, uintptr_t low, uintptr_t high);

/* Marking has found that a page at the address cannot be read.  The world is stopped; several
 * markers at a time. */
void altered_found(struct heap *h, uintptr_t address);

/* Whether some unit of the block is altered. */
bool altered_block(const struct heap *h, uint32_t head);

/* Gives an object's altered pages new memory; those of a large object get it unit by unit
 * when it is free.  The object is the caller's, who is about to free it.  Returns false
 * if there is no memory for one of the pages, in which case the object must stay. */
bool altered_renew_object(struct heap *h, const struct cell *o);

/* Gives the altered pages of a block's objects that are not marked new memory; objects for which
 * there is none stay as if they were marked.  Then the block is set apart, or no more.  The world
 * is stopped, and the block on no list. */
void altered_sweep(struct heap *h, uint32_t head);

/* Gives new memory to the altered units of [first, end), which are free but in no extent
 * yet; afterwards they hold none.  Units for which there is no memory become units of
 * class none, which nobody has any more.  The extent lock is held. */
void altered_renew(struct heap *h, uint32_t first, uint32_t end);

#endif
