#include "mutator/object.h"

#include <gcalloc/gcalloc.h>

#include "base/log.h"
#include "heap/heap.h"

/* The living object around an address. */
static bool object_around(const void *address, struct object *o)
{
    const uint8_t *state = lookup_state(&process_heap, (uintptr_t)address);
    if (!state || *state < STATE_NEW)
        return false;
    *o = lookup_object(&process_heap, state);
    return (uintptr_t)address - o->address < o->size;
}

bool object_at(const void *address, struct object *o)
{
    return object_around(address, o) && o->address == (uintptr_t)address;
}

/* One byte less than the slot from pad_from on, so that a pointer one past the end lies
 * inside; not where an aligned request may have filled a slot of the block. */
size_t object_usable(const struct object *o)
{
    const struct heap *h = &process_heap;
    uint32_t head = unit_head(h, unit_of(h, o->address));
    bool whole = word_class(o->word) == CLASS_LARGE || o->size < h->pad_from ||
                 block_at(h, head)->filled;
    return whole ? o->size : o->size - 1;
}

void *gc_base(const void *address)
{
    struct object o;
    return object_around(address, &o) ? (void *)o.address : NULL;
}

size_t gc_usable_size(const void *object)
{
    struct object o;
    return object_at(object, &o) ? object_usable(&o) : 0;
}

void object_complain(const char *function, const void *address)
{
    struct object o;
    const char *ignored = "nothing was done";
    if (object_around(address, &o))
        log_line(
            "%s(%p): the pointer is %zu bytes into the object of %zu bytes at %p; %s",
            function, address, (uintptr_t)address - o.address, o.size, (void *)o.address,
            ignored);
    else if ((uintptr_t)address - process_heap.base < process_heap.bytes)
        log_line("%s(%p): there is no living object here: it was freed or collected, or "
                 "never allocated; %s",
                 function, address, ignored);
    else
        log_line("%s(%p): this is no pointer into the heap; %s", function, address,
                 ignored);
}
