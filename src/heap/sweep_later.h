/* Sweeping beside the program: the second stop of a cycle that marked beside it leaves the blocks that stay
 * tenured unswept, which are most of a large heap.
 *
 * Invariant: in an unswept block what the cycle found dead still has the other mark, and nobody but the late
 * sweep changes that state.  Objects that are NEW may have come since: they live until the next full cycle,
 * which sweeps their block in its stop.  A block that is unswept and
 * tenured is on no list.  Before a cycle begins, and before anybody counts what lives, all is swept. */
#ifndef GCALLOC_HEAP_SWEEP_LATER_H
#define GCALLOC_HEAP_SWEEP_LATER_H

#include "heap/types.h"

/* Leaves the block for later.  The world is stopped. */
void sweep_later_add(struct heap *h, uint32_t head);

/* Sweeps up to so many blocks, UINT32_MAX for all.  The world lock is held. */
void sweep_later(struct heap *h, uint32_t blocks);

/* Whether there are unswept blocks.  Without the world lock the answer may be old. */
INLINE bool sweep_is_left(const struct heap *h)
{
    return UNLIKELY(__atomic_load_n(&h->unswept, __ATOMIC_RELAXED) != 0);
}

#endif
