/* What freeing has for other heaps than the process's. */
#ifndef GCALLOC_MUTATOR_FREE_H
#define GCALLOC_MUTATOR_FREE_H

#include "heap/lookup.h"

/* A large object, or a wide one, goes back at once.  false: another thread was faster. */
bool free_at_once(struct heap *h, const struct cell *o);

/* Frees a large object, or a wide one, that is RESERVED by the caller and in no list any more. */
void free_reserved(struct heap *h, const struct cell *o);

#endif
