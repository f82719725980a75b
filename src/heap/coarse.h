/* Coarse classes: while a thread has few objects of 256 to 8191 bytes, a class in four serves the other three, too,
 * later one in two, and in the end each has objects of its own.
 *
 * Which class serves a request is a table in the cache, so that it costs nothing to ask.  The classes of a doubling
 * are numbered 1 to 8: in fours 4 and 8 are used, in twos the even ones. */
#ifndef GCALLOC_HEAP_COARSE_H
#define GCALLOC_HEAP_COARSE_H

#include "heap/types.h"

/* Fills the cache's table: with the tightest classes, or in fours. */
void coarse_begin(struct cache *c, bool in_fours);

/* The bin has taken a run, or is about to make a block: where it serves several classes, and that is enough of
 * either for them to be told apart, objects that come from now on are. */
void coarse_note_run(struct cache *c, unsigned bin);
void coarse_note_block(struct cache *c, unsigned bin);

#endif
