/* `reach` makes it one search: no interval that begins before another reaches an address where the
 * other's `reach` does not. */
#include "report/intervals.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/meta.h"

static struct interval *at(const struct intervals *t, size_t i)
{
    return (struct interval *)(void *)(t->list + i * t->element_bytes);
}

struct intervals *intervals_of(struct intervals **tables, Dwfl_Module *module,
                               size_t bytes, size_t element_bytes,
                               void (*fill)(struct intervals *t))
{
    lock_check_held(RANK_REPORT);
    struct intervals *t = *tables;
    while (t && t->module != module)
        t = t->next;
    if (t || !(t = meta_alloc(ACCOUNT_REPORTS, bytes)))
        return t;
    t->module = module;
    t->element_bytes = element_bytes;
    t->next = *tables;
    *tables = t;
    fill(t);
    return t;
}

bool intervals_add(struct intervals *t, const void *element)
{
    char *list =
        meta_grow(ACCOUNT_REPORTS, t->list, t->count, &t->capacity, t->element_bytes);
    if (!list)
        return false;
    t->list = list;
    memcpy(at(t, t->count++), element, t->element_bytes);
    return true;
}

void intervals_sort(struct intervals *t, int (*compare)(const void *, const void *))
{
    lock_check_held(RANK_REPORT);
    GElf_Addr reach = 0;
    if (t->count)
        qsort(t->list, t->count, t->element_bytes, compare);
    for (size_t i = 0; i < t->count; i++)
        reach = at(t, i)->reach = max_size(reach, at(t, i)->high);
    if (GC_CHECKING)
        intervals_check(t);
}

void intervals_check(const struct intervals *t)
{
    GElf_Addr reach = 0;
    CHECK(t->count <= t->capacity);
    for (size_t i = 0; i < t->count; i++) {
        const struct interval *v = at(t, i);
        reach = max_size(reach, v->high);
        CHECK(i == 0 || at(t, i - 1)->low <= v->low);
        CHECK(v->reach == reach);
    }
}

/* How many begin no later than the address. */
static size_t count_up_to(const struct intervals *t, GElf_Addr address)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (at(t, middle)->low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct interval *intervals_last(const struct intervals *t, GElf_Addr address)
{
    size_t count = count_up_to(t, address);
    return count ? at(t, count - 1) : NULL;
}

struct interval *intervals_find(const struct intervals *t, GElf_Addr address)
{
    for (size_t i = count_up_to(t, address); i-- && at(t, i)->reach > address;)
        if (address < at(t, i)->high)
            return at(t, i);
    return NULL;
}

void intervals_forget(struct intervals **tables, size_t bytes)
{
    lock_check_held(RANK_REPORT);
    for (struct intervals *t = *tables, *next; t; t = next) {
        next = t->next;
        meta_free(t->list, t->capacity * t->element_bytes);
        meta_free(t, bytes);
    }
    *tables = NULL;
}
