/* Holding objects beyond a bracket. */
#include <errno.h>

#include "base/critical.h"
#include "region/region.h"

static void lock(gc_region *r, const struct region_use *u)
{
    critical_begin();
    lock_holder = u->number;
    lock_enter(&r->header->hold_lock);
}

static void unlock(gc_region *r)
{
    lock_leave(&r->header->hold_lock);
    critical_end();
}

static bool is_start(const gc_region *r, const void *object)
{
    struct cell o;
    if (region_object_at(r, object, &o))
        return true;
    return region_fail(EINVAL, "%s: %p is not the start of an object", r->name, object) ==
           0;
}

int gc_region_hold(gc_region *r, void *object)
{
    struct region_use *u = region_inside(r);
    if (!u || !is_start(r, object))
        return -1;
    uint64_t place = gc_region_offset(r, object);
    lock(r, u);
    bool added = hold_add(r, hold_find(r, place, r->member + 1), place);
    unlock(r);
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
    lock(r, u);
    struct region_hold *h = place ? hold_find(r, place, r->member + 1) : NULL;
    bool held = h && hold_counts(h) && h->object == place;
    if (held && --h->count == 0)
        hold_vacate(r, h);
    unlock(r);
    return held ? 0
                : region_fail(EINVAL, "%s: this process does not hold %p", r->name,
                              object);
}
