/* Objects by their addresses, and by their places, which are the same for everybody. */
#include <errno.h>

#include "heap/arena.h"
#include "heap/rebuild.h"
#include "region/region.h"

/* Who is about to free or hold an object asks here, which is no fast path: so a word that a file, or a
 * process gone wrong, has left behind does no harm.
 * Another process may have made the heap grow since the bracket began, and have stored a pointer there. */
struct cell region_cell(const gc_region *r, const void *address)
{
    struct heap *h = (struct heap *)(uintptr_t)&r->heap;
    struct cell o = heap_cell(h, (uintptr_t)address);
    if (o.state || (uintptr_t)address - h->base < h->bytes)
        return o;
    arena_look(h);
    return heap_cell(h, (uintptr_t)address);
}

bool region_lives(const struct cell *o)
{
    return o->state && __atomic_load_n(o->state, __ATOMIC_RELAXED) >= STATE_NEW;
}

bool region_object_at(const gc_region *r, const void *address, struct cell *o)
{
    *o = region_cell(r, address);
    return region_lives(o) && o->address == (uintptr_t)address;
}

bool region_is_start(const gc_region *r, const void *object)
{
    struct cell o;
    if (LIKELY(object && region_object_at(r, object, &o)))
        return true;
    return region_fail(EINVAL, "%s: %p is not the start of an object", r->name, object) ==
           0;
}

/* Where the region is only read it may lie elsewhere than the pointers in its objects say. */
uint64_t gc_region_offset(const gc_region *r, const void *object)
{
    if (!region_is_open(r))
        return 0;
    const struct region_constants *c = &r->constant;
    uintptr_t offset = (uintptr_t)object - (uintptr_t)r->header;
    if (offset >= c->bytes)
        offset = (uintptr_t)object - (uintptr_t)c->address;
    return offset < c->bytes ? offset : 0;
}

void *gc_region_pointer(const gc_region *r, uint64_t offset)
{
    return offset && region_is_open(r) && offset < r->constant.bytes
               ? (char *)r->header + offset
               : NULL;
}
