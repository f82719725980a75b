/* Recording where objects come from, when a mode asks for it (the heap has sites then,
 * and every allocation and free takes the slow path). */
#ifndef GCALLOC_MUTATOR_SITE_H
#define GCALLOC_MUTATOR_SITE_H

#include "heap/lookup.h"

/* The object was just allocated, for so many bytes. */
void site_allocated(const void *object, size_t requested);

/* The object was resized in place. */
void site_resized(const struct object *o, size_t requested);

/* The object is about to be freed by the program. */
void site_freed(const struct object *o);

/* The site of a slot, living or not; NULL: sites are not recorded. */
const struct site *site_at(const struct heap *h, const uint8_t *state);

/* The stack that allocated it, in the depot; 0: not known. */
uint32_t site_stack(const struct object *o);

/* The bytes that were asked for; without sites the usable ones. */
size_t site_requested(const struct object *o);

#endif
