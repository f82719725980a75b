/* What resizing has for the heap as malloc, and for other heaps than the process's. */
#ifndef GCALLOC_MUTATOR_REALLOC_H
#define GCALLOC_MUTATOR_REALLOC_H

#include "heap/lookup.h"

/* gc_realloc for an object that is not NULL; but what it gains need not read as zero. */
void *realloc_for_malloc(void *object, size_t size);

/* A large object gets more pages where it is, which read as zero if it is scanned and `zero` is true.  false: there
 * are none. */
bool realloc_grow_large(struct heap *h, const struct cell *o, size_t size, bool zero);

/* A large object gives back what it has beyond so many bytes.  Returns false if it has to keep its size for now. */
bool realloc_shrink_large(struct heap *h, const struct cell *o, size_t size);

#endif
