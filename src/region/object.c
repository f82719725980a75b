/* Objects of a region: allocated, freed, resized, by threads in brackets. */
#include <errno.h>
#include <string.h>

#include "base/critical.h"
#include "heap/block.h"
#include "heap/cache.h"
#include "heap/layout.h"
#include "mutator/alloc.h"
#include "mutator/free.h"
#include "mutator/realloc.h"
#include "region/region.h"

enum { ALIGNMENT_MAX = 1 << 30 };

/* ---- Brackets ------------------------------------------------------------------------------------- */

int gc_region_begin(gc_region *r)
{
    struct region_use *u = region_use(r);
    if (!u)
        return -1;
    if (u->depth == 0 && !region_enter(u))
        return -1;
    u->depth++;
    return 0;
}

int gc_region_end(gc_region *r)
{
    struct region_use *u = region_inside(r);
    if (!u)
        return -1;
    if (--u->depth)
        return 0;
    region_exit(u);
    if (UNLIKELY(region_is_due(r)))
        region_collect(r, CAUSE_BUDGET);
    return 0;
}

/* ---- Looking -------------------------------------------------------------------------------------- */

void *gc_region_base(gc_region *r, const void *address)
{
    if (!region_may_look(r))
        return NULL;
    struct cell o = region_cell(r, address);
    return region_lives(&o) ? (void *)o.address : NULL;
}

/* A slot of PAD_FROM bytes or more keeps its last byte, so that a pointer to the end lies inside. */
static size_t usable(const gc_region *r, const struct cell *o)
{
    return o->size - (o->size > r->heap.pad_from && word_class(o->word) != CLASS_LARGE);
}

size_t gc_region_usable_size(gc_region *r, const void *object)
{
    struct cell o;
    if (!region_may_look(r) || !region_object_at(r, object, &o))
        return 0;
    return usable(r, &o);
}

/* ---- Allocation ------------------------------------------------------------------------------------ */

static void *take_small(struct region_use *u, unsigned bin, bool zero)
{
    critical_begin();
    lock_holder = u->number;
    void *object = hold_object(cache_take(u->cache, bin, zero));
    critical_end();
    return object;
}

/* It is atomic while it is zeroed. */
static void *take_large(struct region_use *u, size_t size, size_t alignment,
                        enum kind kind)
{
    struct heap *h = &u->region->heap;
    lock_holder = u->number;
    void *object = alloc_create_large(h, KIND_ATOMIC, size, alignment);
    if (!object || kind == KIND_ATOMIC)
        return object;
    uint32_t head = unit_of(h, (uintptr_t)object);
    block_clear_large(h, head, 0);
    critical_begin();
    block_set_kind(h, head, kind);
    critical_end();
    return hold_object(object);
}

static void *take_typed(struct region_use *u, uint32_t t)
{
    critical_begin();
    bool room = cache_group(u->cache, TYPED_FIRST + t) || cache_add_typed(u->cache, t);
    critical_end();
    return room ? take_small(u, TYPED_FIRST + t, true) : NULL;
}

/* `layout`: of a typed object; 0: the kind says all. */
static void *take(struct region_use *u, size_t size, size_t alignment, enum kind kind,
                  uint32_t layout)
{
    bool filled = false;
    if (layout)
        return take_typed(u, layout);
    unsigned class = alignment <= GRANULE
                         ? sizeclass_for(size, false)
                         : sizeclass_for_aligned(size, alignment, false, &filled);
    if (class == CLASS_LARGE || filled)
        return take_large(u, size, alignment, kind);
    return take_small(u, bin_of(kind, class), kind != KIND_ATOMIC);
}

static bool is_full(int error)
{
    return error == ENOSPC || error == EDQUOT;
}

/* Why there was no room.  A collection that could not be had just now, as others collect, or stay in
 * brackets, has said so itself: it may help later. */
static void refuse(const gc_region *r, size_t size, size_t most, int refused, int error)
{
    if (is_full(refused))
        region_fail(ENOSPC, "%s: no room for %zu bytes more where it lies", r->name,
                    size);
    else if (refused == EBADF)
        region_fail(EBADF, "%s: the program has closed its descriptor", r->name);
    else if (error == EBUSY || error == ETIMEDOUT || error == EIO)
        errno = error;
    else
        region_fail(ENOMEM, "%s: no room for %zu bytes within its limit of %zu", r->name,
                    size, most);
}

/* At the limit a collection may help, which other processes' brackets must not hold up for long. */
NOINLINE static void *alloc(struct region_use *u, size_t size, size_t alignment,
                            enum kind kind, uint32_t layout)
{
    gc_region *r = u->region;
    int saved_errno = errno;
    size_t most = ((size_t)r->heap.numbers->unit_limit - 1) << UNIT_SHIFT;
    r->space.error = 0;
    void *object = size < most ? take(u, size, alignment, kind, layout) : NULL;
    int refused = r->space.error, error = 0;
    if (!object && size < most) {
        if (region_collect(r, CAUSE_MEMORY))
            object = take(u, size, alignment, kind, layout);
        else
            error = errno;
    }
    if (object) {
        errno = saved_errno;
        return object;
    }
    refuse(r, size, most, refused, error);
    return NULL;
}

INLINE void *alloc_fast(gc_region *r, size_t size, enum kind kind)
{
    struct region_use *u = region_inside(r);
    if (UNLIKELY(!u))
        return NULL;
    if (LIKELY(size <= SMALL_REQUEST_MAX)) {
        struct slot taken;
        critical_begin();
        struct bin *b = &u->cache->bins[bin_of(kind, cache_class(u->cache, size))];
        void *object = bin_take(b, kind != KIND_ATOMIC, &taken) ? taken.object : NULL;
        object = hold_object(object);
        critical_end();
        if (LIKELY(object != NULL))
            return object;
    }
    return alloc(u, size, GRANULE, kind, 0);
}

void *gc_region_alloc(gc_region *r, size_t size)
{
    return alloc_fast(r, size, KIND_SCANNED);
}

void *gc_region_alloc_atomic(gc_region *r, size_t size)
{
    return alloc_fast(r, size, KIND_ATOMIC);
}

void *gc_region_alloc_aligned(gc_region *r, size_t alignment, size_t size)
{
    struct region_use *u = region_inside(r);
    if (!u)
        return NULL;
    if (!is_power_of_two(alignment) || alignment > ALIGNMENT_MAX)
        return region_fail(EINVAL, "%s: %zu is no alignment", r->name, alignment), NULL;
    return alloc(u, size, alignment, KIND_SCANNED, 0);
}

void *gc_region_alloc_layout(gc_region *r, gc_region_layout layout)
{
    struct region_use *u = region_inside(r);
    if (!u)
        return NULL;
    if (layout == 0 || layout >= layout_count(&r->heap) || layout >= REGION_TYPES) {
        region_fail(EINVAL, "%s: %u is no layout of the region", r->name, layout);
        return NULL;
    }
    return alloc(u, r->types[layout].size, GRANULE, KIND_ATOMIC, layout);
}

/* ---- Freeing and resizing --------------------------------------------------------------------------- */

static bool free_object(struct region_use *u, const struct cell *o)
{
    bool done = true;
    critical_begin();
    lock_holder = u->number;
    if (word_class(o->word) <= CLASS_MEDIUM_LAST)
        cache_free(u->cache, o->word, (void *)o->address, o->state);
    else
        done = free_at_once(&u->region->heap, o);
    critical_end();
    return done;
}

/* An object of the cache's bins goes to its magazine, if that has room. */
INLINE bool free_fast(struct region_use *u, void *object)
{
    const struct heap *h = &u->region->heap;
    size_t offset = (uintptr_t)object - h->base;
    if (offset >= RACING(h->bytes))
        return false;
    unit_word word = RACING(h->words[offset >> UNIT_SHIFT]);
    const struct geometry *g = word_geometry(word);
    size_t in_block = offset % UNIT_BYTES + word_distance_bytes(word);
    size_t index = slot_index(g, in_block);
    uint8_t *state = h->states + word_states(word) + index;
    if (index * g->size != in_block || *state < STATE_NEW)
        return false;
    critical_begin();
    struct bin *b = &u->cache->bins[cache_bin(u->cache, word)];
    uint32_t count = b->count;
    bool room = count < b->capacity;
    if (LIKELY(room))
        cache_put(b, count, object, state);
    critical_end();
    return room;
}

int gc_region_free(gc_region *r, void *object)
{
    struct cell o;
    struct region_use *u = region_inside(r);
    if (UNLIKELY(!u))
        return -1;
    if (LIKELY(free_fast(u, object)) || !object)
        return 0;
    if (!region_object_at(r, object, &o) || !free_object(u, &o))
        return region_fail(EINVAL,
                           "%s: gc_region_free of %p, which is not the start of a "
                           "living object",
                           r->name, object);
    return 0;
}

static void *move(struct region_use *u, const struct cell *o, size_t size)
{
    void *moved = alloc(u, size, GRANULE, word_kind(o->word), 0);
    if (moved) {
        memcpy(moved, (void *)o->address, min_size(usable(u->region, o), size));
        free_object(u, o);
    }
    return moved;
}

/* A large object is resized where it is, as long as it is large. */
static bool resize_large(struct region_use *u, const struct cell *o, size_t size)
{
    struct heap *h = &u->region->heap;
    if (word_class(o->word) != CLASS_LARGE || size <= MEDIUM_MAX)
        return false;
    lock_holder = u->number;
    if (size > o->size)
        return realloc_grow_large(h, o, size, true);
    return realloc_shrink_large(h, o, size);
}

/* A slot serves as long as the new size fits and uses more than half of it. */
void *gc_region_realloc(gc_region *r, void *object, size_t size)
{
    struct cell o;
    struct region_use *u = region_inside(r);
    if (!u)
        return NULL;
    if (!object)
        return gc_region_alloc(r, size);
    if (!region_object_at(r, object, &o)) {
        region_fail(EINVAL,
                    "%s: gc_region_realloc of %p, which is not the start of a "
                    "living object",
                    r->name, object);
        return NULL;
    }
    if (word_typed(o.word)) {
        if (size <= usable(r, &o))
            return object;
        region_fail(EINVAL, "%s: an object with a layout gets no larger", r->name);
        return NULL;
    }
    if (resize_large(u, &o, size))
        return object;
    if (size > usable(r, &o) || (size <= o.size / 2 && o.size > GRANULE))
        return move(u, &o, size);
    if (!word_atomic(o.word) && size < o.size)
        memset((char *)object + size, 0, o.size - size);
    return object;
}
