/* What the program's pointers point to. */
#ifndef GCALLOC_MUTATOR_OBJECT_H
#define GCALLOC_MUTATOR_OBJECT_H

#include "heap/lookup.h"

/* The living object that starts at `address`.  false: there is none. */
bool object_at(const void *address, struct cell *o);

/* The living object around an address.  false: there is none. */
bool object_around(const void *address, struct cell *o);

/* How many bytes of it may be used. */
size_t object_usable(const struct cell *o);

#endif
