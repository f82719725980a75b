/* Whether an object is marked, for the phases of a cycle between marking and the sweep. */
#ifndef GCALLOC_OBJECT_REACHED_H
#define GCALLOC_OBJECT_REACHED_H

#include "heap/lookup.h"

/* The state byte that an address leads to; NULL: it is no memory of the heap (lookup_owns).  Free memory
 * leads to a byte that is FREE. */
INLINE const uint8_t *reached_state(const struct heap *h, uintptr_t address)
{
    size_t offset = address - h->base;
    if (offset >= h->bytes)
        return NULL;
    unit_word word = h->words[offset >> UNIT_SHIFT];
    if (UNLIKELY(word == UNIT_USED)) /* somebody else's, among its units */
        return NULL;
    /* In a large block perhaps less than it is: its one index is 0 all the same. */
    size_t in_block = offset % UNIT_BYTES + word_distance_bytes(word);
    return h->states + word_states(word) + slot_index(word_geometry(word), in_block);
}

/* The object around an address is marked.  What does not lie in the heap stays anyhow, and
 * counts as marked; a slot that is nobody's does not. */
INLINE bool is_reached(const struct heap *h, uintptr_t address)
{
    const uint8_t *state = reached_state(h, address);
    return !state || *state == h->numbers->mark;
}

/* Its state byte comes to the cache. */
INLINE void reached_prefetch(const struct heap *h, uintptr_t address)
{
    const uint8_t *state = reached_state(h, address);
    if (state)
        __builtin_prefetch(state);
}

#endif
