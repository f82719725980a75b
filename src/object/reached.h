/* Whether an object is marked, for the phases of a cycle between marking and the sweep. */
#ifndef GCALLOC_OBJECT_REACHED_H
#define GCALLOC_OBJECT_REACHED_H

#include "heap/lookup.h"

/* The object around an address is marked.  What does not lie in the heap stays anyhow, and counts as
 * marked; a slot that is nobody's does not. */
INLINE bool is_reached(const struct heap *h, uintptr_t address)
{
    struct cell o = lookup_cell(h, address);
    return !o.state || *o.state == h->numbers->mark;
}

/* Its state byte comes to the cache. */
INLINE void reached_prefetch(const struct heap *h, uintptr_t address)
{
    struct cell o = lookup_cell(h, address);
    if (o.state)
        __builtin_prefetch(o.state);
}

#endif
