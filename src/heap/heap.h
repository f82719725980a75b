/* A heap as a whole. */
#ifndef GCALLOC_HEAP_HEAP_H
#define GCALLOC_HEAP_HEAP_H

#include "heap/types.h"

/* The heap behind gc_alloc. */
SHARED_DATA struct heap process_heap;

/* Makes an empty heap with `reserve` bytes of address space or less, from `space`.
 * false: ENOMEM. */
bool heap_create(struct heap *h, const struct os_space *space, size_t reserve,
                 bool end_pointers);

/* Everything in it is gone.  No cache may be left. */
void heap_destroy(struct heap *h);

/* All invariants of the heap and of the only cache (NULL: none); aborts if one fails. */
void heap_check(struct heap *h, const struct cache *c);

#endif
