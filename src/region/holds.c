/* What processes hold, in a table of the region: open addressing, by object and member.
 *
 * A hold counts from the store of its count on, and goes with that, so that a death at any instruction
 * leaves a hold of a dead member, or none.  The place of one that went is marked, as searches go on
 * behind it, but not in front of a place that was never used. */
#include "base/crash.h"
#include "region/region.h"

enum { RELEASED = 1 };

static uint32_t place_of(uint64_t object, uint32_t member)
{
    return (uint32_t)hash_place((object >> 4) + member, REGION_HOLDS);
}

/* The hold, or the place where it would go; NULL: there is none. */
struct region_hold *hold_find(const gc_region *r, uint64_t object, uint32_t member)
{
    struct region_hold *free = NULL;
    for (uint32_t i = 0; i < HOLDS_MOST; i++) {
        struct region_hold *h =
            &r->holds[(place_of(object, member) + i) & (REGION_HOLDS - 1)];
        if (h->object == object && h->member == member)
            return h;
        if (h->object <= RELEASED && !free)
            free = h;
        if (h->object == 0)
            return free;
    }
    return free;
}

bool hold_counts(const struct region_hold *h)
{
    return h->object > RELEASED && h->count;
}

/* The member is stored before the object, and the count last. */
bool hold_add(gc_region *r, struct region_hold *h, uint64_t object)
{
    if (!h)
        return false;
    if (!hold_counts(h) || h->object != object) {
        h->count = 0;
        CRASH_POINT("hold: no count");
        h->member = r->member + 1;
        CRASH_POINT("hold: whose");
        h->object = object;
        CRASH_POINT("hold: of what");
    }
    h->count++;
    return true;
}

static struct region_hold *neighbour(const gc_region *r, const struct region_hold *h,
                                     uint32_t by)
{
    return &r->holds[((uint32_t)(h - r->holds) + by) & (REGION_HOLDS - 1)];
}

/* The count is 0 already. */
void hold_vacate(const gc_region *r, struct region_hold *h)
{
    CRASH_POINT("release: no count");
    h->object = RELEASED;
    CRASH_POINT("release: free");
    if (neighbour(r, h, 1)->object != 0)
        return;
    for (; h->object == RELEASED; h = neighbour(r, h, UINT32_MAX)) {
        h->object = 0;
        CRASH_POINT("release: place free");
    }
}

void region_drop_holds(gc_region *r, uint32_t member)
{
    for (uint32_t i = 0; i < REGION_HOLDS; i++) {
        struct region_hold *h = &r->holds[i];
        if (h->object <= RELEASED || h->member != member)
            continue;
        h->count = 0;
        hold_vacate(r, h);
    }
}

void region_mark_holds(const gc_region *r, struct marker *m)
{
    for (uint32_t i = 0; i < REGION_HOLDS; i++) {
        uintptr_t word = r->space.start + r->holds[i].object;
        if (hold_counts(&r->holds[i]))
            marker_scan_roots(m, (uintptr_t)&word, (uintptr_t)(&word + 1));
    }
}

unsigned region_count_holds(const gc_region *r, uint32_t member)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < REGION_HOLDS; i++)
        count += hold_counts(&r->holds[i]) &&
                 (member == NO_MEMBER || r->holds[i].member == member + 1);
    return count;
}

/* Each leads to an object. */
bool region_holds_are_sound(const gc_region *r)
{
    for (uint32_t i = 0; i < REGION_HOLDS; i++) {
        struct cell o;
        const struct region_hold *h = &r->holds[i];
        if (hold_counts(h) && (h->member == 0 || h->member > REGION_MEMBERS ||
                               !region_object_at(r, gc_region_pointer(r, h->object), &o)))
            return false;
    }
    return true;
}
