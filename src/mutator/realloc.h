/* What resizing has for other heaps than the process's. */
#ifndef GCALLOC_MUTATOR_REALLOC_H
#define GCALLOC_MUTATOR_REALLOC_H

#include "heap/lookup.h"

/* A large object gets more pages where it is, zeroed if it is scanned.  false: there are none. */
bool realloc_grow_large(struct heap *h, const struct cell *o, size_t size);

/* A large object gives back what it has beyond so many bytes.  Returns false if it has to keep its size for now. */
bool realloc_shrink_large(struct heap *h, const struct cell *o, size_t size);

#endif
