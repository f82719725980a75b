/* Objects of more than a magazine has, 64 KiB, that were freed, with option poison: their memory goes back to the
 * system at once, and their pages cannot be used until others have been freed.  So a use after the free is a
 * fault of the processor's.  By their states they are RESERVED, in no cache (reserved_apart of the heap); by
 * their sites, SITE_HELD. */
#ifndef GCALLOC_MUTATOR_BARRED_H
#define GCALLOC_MUTATOR_BARRED_H

#include "heap/lookup.h"

/* Bars the object, which the program has freed, and frees the oldest if they are too many.  In no critical section.
 * Returns false if it is to be freed as any other. */
bool barred_take(struct heap *h, const struct cell *o);

/* Whether the address is in a barred object. */
bool barred_find(const struct heap *h, uintptr_t address, struct cell *o);

/* The bytes of those that are barred; roughly right while other threads free. */
size_t barred_bytes(void);

/* All are free.  In no critical section. */
void barred_end(struct heap *h);

#endif
