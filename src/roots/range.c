#include "roots/range.h"

#include "base/bits.h"
#include "base/meta.h"

void range_list_clear(struct range_list *l)
{
    l->count = 0;
    l->incomplete = false;
}

void range_list_add(struct range_list *l, uintptr_t low, uintptr_t high)
{
    if (low >= high)
        return;
    struct range *ranges = meta_grow(l->ranges, l->count, &l->capacity, sizeof *ranges);
    if (!ranges) {
        l->incomplete = true;
        return;
    }
    l->ranges = ranges;
    l->ranges[l->count++] = (struct range){low, high};
}

void range_list_reserve(struct range_list *l, size_t more)
{
    while (l->capacity - l->count < more) {
        struct range *ranges =
            meta_grow(l->ranges, l->capacity, &l->capacity, sizeof *ranges);
        if (!ranges) {
            l->incomplete = true;
            return;
        }
        l->ranges = ranges;
    }
}

void range_list_add_without(struct range_list *l, struct range r, struct range hole)
{
    if (hole.low >= hole.high || hole.high <= r.low || hole.low >= r.high) {
        range_list_add(l, r.low, r.high);
        return;
    }
    range_list_add(l, r.low, hole.low);
    range_list_add(l, hole.high, r.high);
}
