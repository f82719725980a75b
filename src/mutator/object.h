/* What the program's pointers point to.  No object is read or changed.  An answer is true
 * for as long as the caller keeps the object alive. */
#ifndef GCALLOC_MUTATOR_OBJECT_H
#define GCALLOC_MUTATOR_OBJECT_H

#include "heap/lookup.h"

/* The living object that starts at `address`.  false: there is none. */
bool object_at(const void *address, struct cell *o);

/* The living object around an address.  false: there is none. */
bool object_around(const void *address, struct cell *o);

/* How many bytes of an object the program may use. */
size_t object_usable(const struct cell *o);

#endif
