/* Which watches a cycle has to look at: all are asked by the markers together, many at a time, and the
 * thread of the pause sees to those in question in their order. */
#ifndef GCALLOC_OBJECT_WATCH_FIND_H
#define GCALLOC_OBJECT_WATCH_FIND_H

#include "object/watch.h"

struct cycle;

/* Changes nothing; several threads ask it at the same time. */
typedef bool watch_question(const struct heap *h, const struct watch *w);

/* Begins a search for watches of which this is true, or which have one of these flags.  There is one
 * search at a time.  They are asked some time before they are named: by then it may be true no more. */
void watch_search(const struct cycle *c, watch_question *asks);
void watch_search_flags(const struct cycle *c, unsigned flags);

/* The number of the next watch, below this one or above it; 0: there is none.  The watch that was named last
 * may be removed where the search goes down. */
uint32_t watch_below(uint32_t number);
uint32_t watch_above(uint32_t number);

#endif
