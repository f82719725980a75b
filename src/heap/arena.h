/* The reservations of a heap: its units, and the tables beside them. */
#ifndef GCALLOC_HEAP_ARENA_H
#define GCALLOC_HEAP_ARENA_H

#include "heap/types.h"

/* Reserves up to `bytes` of address space from h->space, halving until the system grants
 * it, and sets base, words, states, maps, units, unit_limit, tables_bytes.  The heap has one
 * unit after that, number 0, which is never used.  false with ENOMEM: not even the least.
 */
bool arena_create(struct heap *h, size_t bytes);

void arena_destroy(struct heap *h);

/* Makes *units units more usable, or more than that where it is cheap: sets *units to how
 * many.  They are clean, and at the end, as a rule just behind the last.  Returns the
 * first; 0 with ENOMEM: none. */
uint32_t arena_grow(struct heap *h, uint32_t *units);

/* Memory for typed bin t, before which all have theirs.  false: there is none. */
bool arena_commit_typed(struct heap *h, uint32_t t);

/* Gives back the states of the free units [first, end), which are all FREE: so untouched
 * memory reads.  At the end of the heap, what has been committed ahead as well. */
void arena_return_states(const struct heap *h, uint32_t first, uint32_t end);

#endif
