/* Lists of ranges in the library's own memory.  What a range is a part of, only those
 * know who add it.  A list that lacks a range for want of memory says so. */
#include "roots/range.h"

#include "base/bits.h"
#include "base/check.h"
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
    struct range *ranges =
        meta_grow(ACCOUNT_ROOTS, l->ranges, l->count, &l->capacity, sizeof *ranges);
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
        struct range *ranges = meta_grow(ACCOUNT_ROOTS, l->ranges, l->capacity,
                                         &l->capacity, sizeof *ranges);
        if (!ranges) {
            l->incomplete = true;
            return;
        }
        l->ranges = ranges;
    }
}

bool range_list_has(const struct range_list *l, struct range r)
{
    for (size_t i = 0; i < l->count; i++)
        if (r.low >= l->ranges[i].low && r.high <= l->ranges[i].high)
            return true;
    return false;
}

void range_list_check(const struct range_list *l)
{
    CHECK(l->count <= l->capacity);
    for (size_t i = 0; i < l->count; i++)
        CHECK(l->ranges[i].low < l->ranges[i].high);
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

/* ---- Every word once --------------------------------------------------------------------- */

static struct range whole_words(struct range r)
{
    if (r.low > UINTPTR_MAX - sizeof(uintptr_t))
        return (struct range){0, 0};
    return (struct range){align_up(r.low, sizeof(uintptr_t)),
                          align_down(r.high, sizeof(uintptr_t))};
}

static void swap(struct range *a, struct range *b)
{
    struct range r = *a;
    *a = *b;
    *b = r;
}

/* The largest low end of a heap of so many ranges moves up to its place. */
static void sift(struct range *ranges, size_t at, size_t count)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && ranges[child].low < ranges[child + 1].low)
            child++;
        if (ranges[at].low >= ranges[child].low)
            return;
        swap(&ranges[at], &ranges[child]);
    }
}

/* In a pause there is no qsort, which may allocate. */
static void sort(struct range *ranges, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift(ranges, i, count);
    for (size_t end = count; end > 1; end--) {
        swap(&ranges[0], &ranges[end - 1]);
        sift(ranges, 0, end - 1);
    }
}

/* Returns how many remain. */
static size_t join(struct range *ranges, size_t count)
{
    size_t joined = 0;
    for (size_t i = 0; i < count; i++) {
        struct range *last = &ranges[joined ? joined - 1 : 0];
        if (joined && ranges[i].low <= last->high)
            last->high = max_size(last->high, ranges[i].high);
        else if (ranges[i].low < ranges[i].high)
            ranges[joined++] = ranges[i];
    }
    return joined;
}

void range_cover_begin(struct range_cover *c, struct range_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        l->ranges[i] = whole_words(l->ranges[i]);
    sort(l->ranges, l->count);
    l->count = join(l->ranges, l->count);
    *c = (struct range_cover){.list = l, .known = l->count};
}

void range_cover_add(struct range_cover *c, struct range r)
{
    r = whole_words(r);
    r.low = max_size(r.low, c->end);
    if (r.low >= r.high)
        return;
    c->end = r.high;
    while (r.low < r.high) {
        while (c->next < c->known && c->list->ranges[c->next].high <= r.low)
            c->next++;
        struct range known = {r.high, r.high};
        if (c->next < c->known && c->list->ranges[c->next].low < r.high)
            known = c->list->ranges[c->next];
        range_list_add(c->list, r.low, known.low);
        r.low = known.high;
    }
}
