/* What something points to: a bit for each granule of the heap, found in a pause by one pass over the roots and
 * over all living objects, garbage or not.  Of objects with a
 * trace function the words count, and not what that names.  Nothing is marked, and what lies at an address is not asked: who has
 * an object asks for its bytes. */
#ifndef GCALLOC_MUTATOR_SHADOW_H
#define GCALLOC_MUTATOR_SHADOW_H

#include "collect/cycle.h"

/* All zero: nothing is known. */
struct shadow {
    uint64_t *bits;
    uintptr_t base;
    size_t bytes; /* of the heap */
};

/* In a pause, whose roots are listed, and in which faults_try may be used.  Returns false if there is no memory. */
bool shadow_make(struct shadow *s, struct cycle *c);
void shadow_free(struct shadow *s);

/* Whether something points to one of the bytes, of which there is one at least. */
bool shadow_has(const struct shadow *s, uintptr_t address, size_t bytes);

#endif
