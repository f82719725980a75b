/* What the program's pointers point to. */
#ifndef GCALLOC_MUTATOR_OBJECT_H
#define GCALLOC_MUTATOR_OBJECT_H

#include "heap/lookup.h"

/* The living object that starts at `address`.  false: there is none. */
bool object_at(const void *address, struct object *o);

/* How many bytes of it may be used. */
size_t object_usable(const struct object *o);

/* Logs what is wrong with a pointer that is not the start of a living object. */
void object_complain(const char *function, const void *address);

#endif
