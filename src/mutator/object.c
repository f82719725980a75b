/* Says what a pointer points to, from the heap's tables alone: no object is read.
 * Nothing is locked, so an answer is true for as long as the caller keeps the object
 * alive. */
#include "mutator/object.h"

#include <gcalloc/gcalloc.h>

#include "heap/heap.h"

bool object_around(const void *address, struct cell *o)
{
    *o = lookup_cell(&process_heap, (uintptr_t)address);
    return o->state && *o->state >= STATE_NEW &&
           (uintptr_t)address - o->address < o->size;
}

bool object_at(const void *address, struct cell *o)
{
    return object_around(address, o) && o->address == (uintptr_t)address;
}

/* One byte less than the slot from pad_from on, so that a pointer one past the end lies
 * inside; not where an aligned request may have filled a slot of the block. */
size_t object_usable(const struct cell *o)
{
    const struct heap *h = &process_heap;
    uint32_t head = unit_head(h, unit_of(h, o->address));
    bool whole = word_class(o->word) == CLASS_LARGE || o->size < h->pad_from ||
                 block_has(h, head, BLOCK_FILLED);
    return whole ? o->size : o->size - 1;
}

void *gc_base(const void *address)
{
    struct cell o;
    return object_around(address, &o) ? (void *)o.address : NULL;
}
