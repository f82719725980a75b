/* Addresses in the order in which they came, as queues of freed objects have them: some come at one end, the oldest
 * leave at the other.  Locks are for whoever has one. */
#ifndef GCALLOC_MUTATOR_RING_H
#define GCALLOC_MUTATOR_RING_H

#include "heap/types.h"

/* All zero: empty. */
struct ring {
    uintptr_t *addresses;
    size_t capacity; /* 0, or a power of two */
    size_t first, count;
};

/* The i-th oldest, which there must be, or one behind them all that there is room for. */
INLINE uintptr_t *ring_entry(const struct ring *r, size_t i)
{
    return &r->addresses[(r->first + i) & (r->capacity - 1)];
}

/* Makes room for so many more.  Returns false if there is no memory. */
bool ring_make_room(struct ring *r, size_t more);

/* There is room. */
INLINE void ring_put(struct ring *r, uintptr_t address)
{
    *ring_entry(r, r->count++) = address;
}

/* Takes the oldest; there is one. */
INLINE uintptr_t ring_take(struct ring *r)
{
    uintptr_t address = *ring_entry(r, 0);
    r->first = (r->first + 1) & (r->capacity - 1);
    r->count--;
    return address;
}

/* So many parts of what the heap holds, of `parts`, but no less than `least` bytes: how much such a queue keeps. */
size_t ring_share(const struct heap *h, size_t shares, size_t parts, size_t least);

#endif
