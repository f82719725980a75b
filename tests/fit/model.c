#include "model.h"

#include <check.h>
#include <string.h>

#include "heap/extent.h"
#include "heap/lookup.h"

void model_create(struct model *m, struct heap *h, const struct fit *fit)
{
    struct heap_config config = {.space = &os_mmap,
                                 .fit = fit,
                                 .reserve = (size_t)(MODEL_UNITS - 2) << UNIT_SHIFT};
    ck_assert(heap_create(h, &config));
    h->numbers->peak_bytes = SIZE_MAX; /* no free memory goes back before that */
    memset(m, 0, sizeof *m);
    m->heap = h;
    m->end = 1;
    m->used[0] = true;
}

void model_destroy(struct model *m)
{
    heap_destroy(m->heap);
}

void model_grow(struct model *m)
{
    m->end = unit_end(m->heap);
    ck_assert_uint_le(m->end, MODEL_UNITS);
}

uint32_t model_length(const struct model *m, uint32_t u)
{
    uint32_t length = 0;
    while (u + length < m->end && !m->used[u + length])
        length++;
    return length;
}

/* The first unit of the free extent that begins at `u` or higher; m->end: none. */
static uint32_t next_extent(const struct model *m, uint32_t u)
{
    while (u < m->end && (m->used[u] || !m->used[u - 1]))
        u++;
    return u;
}

/* for (EXTENTS(m, e, from)) visits the free extents that begin at `from` or higher. */
#define EXTENTS(m, e, from)            \
    uint32_t e = next_extent(m, from); \
    e < (m)->end;                      \
    e = next_extent(m, e + 1)

static uint32_t place_in(const struct model *m, uint32_t extent, uint32_t units,
                         uint32_t alignment)
{
    uint32_t start = extent + unit_skip(m->heap, extent, alignment);
    return start + units <= extent + model_length(m, extent) ? start : 0;
}

static uint32_t find_first(const struct model *m, uint32_t from, uint32_t units,
                           uint32_t alignment)
{
    for (EXTENTS(m, e, from)) {
        uint32_t place = place_in(m, e, units, alignment);
        if (place)
            return place;
    }
    return 0;
}

static uint32_t find_best(const struct model *m, uint32_t units, uint32_t alignment)
{
    uint32_t best = 0, least = UINT32_MAX;
    for (EXTENTS(m, e, 1)) {
        uint32_t place = place_in(m, e, units, alignment), length = model_length(m, e);
        if (place && length < least) {
            best = place;
            least = length;
        }
    }
    return best;
}

static uint32_t find_next(const struct model *m, uint32_t units, uint32_t alignment)
{
    uint32_t from = m->cursor ? m->cursor : 1;
    uint32_t place = find_first(m, from, units, alignment);
    return place ? place : find_first(m, 1, units, alignment);
}

static bool is_free_buddy(const struct model *m, uint32_t start, uint32_t size)
{
    return start % size == 0 && start < m->end && model_length(m, start) >= size;
}

/* 2^k free units at a multiple of 2^k that are not half of such a buddy themselves. */
static uint32_t find_buddy(const struct model *m, uint32_t units)
{
    for (uint32_t size = 1; size < MODEL_UNITS; size *= 2) {
        if (size < units)
            continue;
        for (uint32_t start = size; start < m->end; start += size)
            if (is_free_buddy(m, start, size) &&
                !is_free_buddy(m, start & ~(2 * size - 1), 2 * size))
                return start;
    }
    return 0;
}

uint32_t model_find(const struct model *m, const struct fit *fit, uint32_t units,
                    uint32_t alignment)
{
    if (fit == &fit_best)
        return find_best(m, units, alignment);
    if (fit == &fit_next)
        return find_next(m, units, alignment);
    uint32_t buddy = fit == &fit_buddy && alignment == 1 ? find_buddy(m, units) : 0;
    return buddy ? buddy : find_first(m, 1, units, alignment);
}

void model_compare(const struct model *m)
{
    const struct heap *h = m->heap;
    uint32_t free_units = 0, dirty = 0, wrong = 0;
    ck_assert_uint_eq(unit_end(h), m->end);
    for (uint32_t u = 1; u < m->end; u++) {
        wrong += word_used(h->words[u]) != m->used[u];
        if (!m->used[u]) {
            wrong += ((h->words[u] & UNIT_DIRTY) != 0) != m->dirty[u];
            dirty += m->dirty[u];
            free_units++;
        }
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq(extent_check(m->heap), free_units);
    ck_assert_uint_eq(h->numbers->dirty_bytes, (size_t)dirty << UNIT_SHIFT);
    ck_assert_uint_eq(h->numbers->used_bytes, m->used_bytes);
}
