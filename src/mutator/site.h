/* Recording where objects come from, when a mode asks for it (the heap has sites then,
 * and every allocation and free takes the slow path). */
#ifndef GCALLOC_MUTATOR_SITE_H
#define GCALLOC_MUTATOR_SITE_H

#include "heap/lookup.h"
#include "trace/capture.h"

/* The stack of this call, in the depot; 0: not recorded.  Not in a critical section. */
uint32_t site_capture(struct call call);

/* The object of this state byte, in a slot of `size` bytes, was just allocated for so many
 * bytes by the call with this stack. */
void site_allocated(const uint8_t *state, size_t size, size_t requested, uint32_t stack);

/* The object was resized in place. */
void site_resized(const struct cell *o, size_t requested);

/* It is about to be freed by the program, by this call. */
void site_freed(const uint8_t *state, struct call call);

/* The site of a slot, living or not; NULL: sites are not recorded. */
const struct site *site_at(const struct heap *h, const uint8_t *state);

/* The stack that allocated it, in the depot; 0: not known. */
uint32_t site_stack(const struct cell *o);

/* The bytes that were asked for; without sites the usable ones. */
size_t site_requested(const struct cell *o);

#endif
