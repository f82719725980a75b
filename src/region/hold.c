/* Holding objects beyond a bracket. */
#include <errno.h>

#include "region/region.h"

int gc_region_hold(gc_region *r, void *object)
{
    struct region_use *u = region_inside(r);
    if (!u || !region_is_start(r, object))
        return -1;
    uint64_t place = gc_region_offset(r, object);
    region_lock(u, &r->header->hold_lock);
    bool added = hold_add(r, hold_find(r, place, r->member + 1), place);
    region_unlock(&r->header->hold_lock);
    return added ? 0
                 : region_fail(ENOSPC, "%s: %d objects are held already", r->name,
                               HOLDS_MOST);
}

int gc_region_release(gc_region *r, void *object)
{
    struct region_use *u = region_inside(r);
    if (!u)
        return -1;
    uint64_t place = gc_region_offset(r, object);
    region_lock(u, &r->header->hold_lock);
    struct region_hold *h = place ? hold_find(r, place, r->member + 1) : NULL;
    bool held = h && hold_counts(h) && h->object == place;
    if (held && --h->count == 0)
        hold_vacate(r, h);
    region_unlock(&r->header->hold_lock);
    return held ? 0
                : region_fail(EINVAL, "%s: this process does not hold %p", r->name,
                              object);
}
