/* Layouts of a region: where the pointers of its types are.
 *
 * The region has them as bits and sizes, and each process makes of them what marking uses (heap/layout.h),
 * in memory of its own, as it learns of them: when it asks for a type, and before it collects. */
#include <errno.h>

#include "base/critical.h"
#include "base/meta.h"
#include "heap/arena.h"
#include "heap/cache.h"
#include "heap/layout.h"
#include "region/region.h"

static uint32_t type_count(const gc_region *r)
{
    return __atomic_load_n(&r->heap.numbers->typed_count, __ATOMIC_ACQUIRE);
}

static unsigned bin_of_type(const struct region_type *type)
{
    return bin_of(KIND_ATOMIC, sizeclass_for(type->size, false));
}

/* ---- What this process knows ---------------------------------------------------------------------- */

enum {
    VIEW_BYTES =
        REGION_TYPES * (sizeof(struct layout) + LAYOUT_BITS_MOST * sizeof(uint32_t))
};

/* Room for all, which is given back when the region is closed. */
static bool make_view(struct heap *h)
{
    if (!h->layouts[0])
        h->layouts[0] = meta_alloc(ACCOUNT_REGIONS, VIEW_BYTES);
    return h->layouts[0] != NULL;
}

void region_forget_types(gc_region *r)
{
    meta_free(r->heap.layouts[0], VIEW_BYTES);
    r->heap.layouts[0] = NULL;
    r->types_known = 0;
}

static void learn(struct heap *h, uint32_t t, const struct region_type *type)
{
    struct layout *l = &h->layouts[0][t];
    uint32_t *words =
        (uint32_t *)(void *)(h->layouts[0] + REGION_TYPES) + (size_t)t * LAYOUT_BITS_MOST;
    *l = (struct layout){.bits = type->bits,
                         .words = words,
                         .size = type->size,
                         .shape = LAYOUT_BITS,
                         .size_given = true};
    for (uint64_t bits = type->bits; bits; bits &= bits - 1)
        words[l->count++] = (uint32_t)__builtin_ctzll(bits);
}

bool region_learn_types(gc_region *r)
{
    uint32_t count = type_count(r);
    if (count == 0)
        return true;
    if (!make_view(&r->heap))
        return false;
    for (uint32_t t = r->types_known ? r->types_known : 1; t < count; t++)
        learn(&r->heap, t, &r->types[t]);
    r->types_known = count;
    return true;
}

static bool is_sound(const gc_region *r, uint32_t t)
{
    const struct region_type *type = &r->types[t];
    return type->size > 0 && type->size <= REGION_TYPE_BYTES &&
           (type->size / LAYOUT_WORD >= LAYOUT_BITS_MOST ||
            !(type->bits >> type->size / LAYOUT_WORD)) &&
           r->heap.typed[t].what == (t << UNIT_BIN_BITS | bin_of_type(type));
}

bool region_types_are_sound(const gc_region *r)
{
    uint32_t count = type_count(r);
    for (uint32_t t = 1; t < count && count <= REGION_TYPES; t++)
        if (!is_sound(r, t))
            return false;
    return count <= REGION_TYPES;
}

/* Nothing of a type, or not all, where there was nothing before. */
static bool is_unwritten(const gc_region *r, uint32_t t)
{
    const struct region_type *type = &r->types[t];
    return (type->size == 0 && type->bits == 0) || r->heap.typed[t].what == 0;
}

void region_forget_unwritten_types(gc_region *r)
{
    uint32_t count = type_count(r), t = count;
    while (count <= REGION_TYPES && t > 1 && is_unwritten(r, t - 1))
        t--;
    if (t < count)
        __atomic_store_n(&r->heap.numbers->typed_count, t, __ATOMIC_RELEASE);
}

/* ---- Asking for one -------------------------------------------------------------------------------- */

/* The type of that number is there from the store of the count on. */
static uint32_t add(gc_region *r, const struct region_type *type)
{
    struct heap_numbers *n = r->heap.numbers;
    uint32_t t = (uint32_t)max_size(n->typed_count, 1);
    if (t >= min_size(REGION_TYPES, n->typed_limit)) {
        region_fail(ENOSPC, "%s: there are %u types already", r->name, t - 1);
        return 0;
    }
    if (!arena_commit_typed(&r->heap, t == 1 ? 0 : t)) {
        region_fail(ENOMEM, "%s: no room for a type", r->name);
        return 0;
    }
    r->types[t] = *type;
    r->heap.typed[t] = (struct typed_bin){.list = {.lock = {LOCK_SHARED}},
                                          .what = t << UNIT_BIN_BITS | bin_of_type(type)};
    __atomic_store_n(&n->typed_count, t + 1, __ATOMIC_RELEASE);
    return t;
}

static uint32_t find_or_add(gc_region *r, const struct region_type *type)
{
    for (uint32_t t = 1; t < type_count(r); t++)
        if (r->types[t].size == type->size && r->types[t].bits == type->bits)
            return t;
    return add(r, type);
}

static bool describe(size_t size, const size_t *offsets, size_t count,
                     struct region_type *type)
{
    *type = (struct region_type){.size = (uint32_t)size};
    for (size_t i = 0; i < count; i++) {
        if (offsets[i] % LAYOUT_WORD != 0 || offsets[i] > size ||
            size - offsets[i] < LAYOUT_WORD)
            return false;
        type->bits |= UINT64_C(1) << offsets[i] / LAYOUT_WORD;
    }
    return true;
}

gc_region_layout gc_region_layout_get(gc_region *r, size_t size, const size_t *offsets,
                                      size_t count)
{
    struct region_type type;
    bool possible = region_is_open(r) && region_is_given(offsets || count == 0,
                                                         "gc_region_layout_get: offsets");
    struct region_use *u = possible ? region_use(r) : NULL;
    if (!u)
        return 0;
    if (size == 0 || size > REGION_TYPE_BYTES || !describe(size, offsets, count, &type)) {
        region_fail(EINVAL,
                    "%s: a type has 1 to %d bytes, and pointers at multiples of 8 in "
                    "it",
                    r->name, REGION_TYPE_BYTES);
        return 0;
    }
    bool own = u->depth == 0;
    if (own && !region_enter(u))
        return 0;
    critical_begin();
    lock_holder = u->number;
    lock_take(&r->heap.numbers->typed_lock, RANK_OBJECT);
    uint32_t t = find_or_add(r, &type);
    bool known = t && region_learn_types(r);
    lock_release(&r->heap.numbers->typed_lock, RANK_OBJECT);
    critical_end();
    if (own)
        region_exit(u);
    if (t && !known)
        region_fail(ENOMEM, "%s: no memory for a type", r->name);
    return known ? t : 0;
}
