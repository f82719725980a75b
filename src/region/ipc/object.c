/* Objects of the kit, by their kind. */
#include <errno.h>

#include "region/ipc/ipc.h"

enum { LINE = 64 };

struct region_use *ipc_use(gc_region *r, const void *object, uint64_t kind)
{
    struct region_use *u = region_is_open(r) ? region_inside(r) : NULL;
    if (!u)
        return NULL;
    if (LIKELY(gc_region_offset(r, object) != 0 && (uintptr_t)object % sizeof kind == 0 &&
               *(const uint64_t *)object == kind))
        return u;
    return region_fail(EINVAL, "%s: %p is no object of that kind", r->name, object), NULL;
}

void *ipc_new(gc_region *r, uint64_t kind, size_t size)
{
    uint64_t *object = region_is_open(r) ? gc_region_alloc_aligned(r, LINE, size) : NULL;
    if (object)
        *object = kind;
    return object;
}
