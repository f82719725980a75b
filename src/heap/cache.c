/* Caches and their magazines: made, kept for other threads, filled, emptied.  Runs are
 * taken by run.c. */
#include "heap/cache.h"

#include <string.h>

#include "base/check.h"
#include "base/crash.h"
#include "base/critical.h"
#include "base/meta.h"
#include "base/os.h"
#include "heap/block.h"
#include "heap/coarse.h"
#include "heap/count.h"
#include "heap/extent.h"
#include "heap/run.h"
#include "heap/sample.h"
#include "heap/state.h"

enum {
    MAGAZINE_BYTES = KIB(32), /* a magazine holds about so much */
    MAGAZINE_LEAST = 2,       /* objects that any magazine has room for */
    MAGAZINE_MOST = 512,      /* objects that no magazine exceeds */
    ZERO_AHEAD = KIB(16),     /* longer is faster, while the lines stay in the L1 cache */
    /* Caches of ended threads that are kept.  Programs that start a thread for each task have
     * few at a time, and eight hold half a megabyte, as a rule. */
    CACHES_KEPT = 8,
    COARSE_MOST = MIB(16), /* of heap, for caches that begin with coarse classes */
};

const struct cache cache_none READS_AS_ZERO;

static size_t magazine_capacity(size_t size)
{
    return min_size(max_size(MAGAZINE_BYTES / size, MAGAZINE_LEAST), MAGAZINE_MOST);
}

static bool has_slots(unsigned class)
{
    return class > CLASS_NONE && class <= CLASS_MEDIUM_LAST;
}

static size_t magazines_bytes(void)
{
    size_t slots = 0;
    for (unsigned class = 0; class < GROUP_BINS; class ++)
        if (has_slots(class))
            slots += magazine_capacity(geometries[class].size);
    return slots * sizeof(struct slot);
}

static struct bin *group_bins(struct cache *c, unsigned group)
{
    return c->bins + group * GROUP_BINS;
}

/* Adds magazines for the bins of one group.  Returns false with errno ENOMEM if there is
 * no memory for them. */
static bool add_magazines(struct cache *c, unsigned group)
{
    struct slot *slots = meta_alloc(ACCOUNT_CACHES, magazines_bytes());
    if (!slots)
        return false;
    c->magazines[group] = slots;
    for (unsigned class = 0; class < GROUP_BINS; class ++) {
        struct bin *b = &group_bins(c, group)[class];
        if (!has_slots(class))
            continue;
        b->size = geometries[class].size;
        b->capacity = (uint32_t)magazine_capacity(b->size);
        b->magazine = slots;
        slots += b->capacity;
    }
    return true;
}

/* Adds a magazine for a typed bin that has none yet.  Returns false with errno ENOMEM if
 * there is no memory for it. */
static bool add_typed_magazine(const struct heap *h, struct bin *b, uint32_t t)
{
    uint32_t size = geometries[bin_class(typed_bin_word_bin(&h->typed[t]))].size;
    size_t capacity = magazine_capacity(size);
    b->magazine = meta_alloc(ACCOUNT_CACHES, capacity * sizeof(struct slot));
    if (!b->magazine)
        return false;
    b->size = size;
    b->capacity = (uint32_t)capacity;
    return true;
}

bool cache_add_typed(struct cache *c, uint32_t t)
{
    uint32_t group = t / TYPED_TOGETHER;
    struct typed_group *g = meta_alloc(ACCOUNT_CACHES, sizeof *g);
    if (!g)
        return false;
    __atomic_store_n(&c->typed[group], g, __ATOMIC_RELEASE);
    if (c->typed_end <= group)
        __atomic_store_n(&c->typed_end, group + 1, __ATOMIC_RELEASE);
    return true;
}

static void drop_group(struct typed_group *g)
{
    for (unsigned i = 0; i < TYPED_TOGETHER; i++)
        meta_free(g->bins[i].magazine, g->bins[i].capacity * sizeof(struct slot));
    meta_free(g, sizeof *g);
}

static void drop_typed(struct cache *c)
{
    for (uint32_t group = 0; group < c->typed_end; group++) {
        if (c->typed[group])
            drop_group(c->typed[group]);
        c->typed[group] = NULL;
    }
    c->typed_end = 0;
}

unsigned cache_next_typed(const struct cache *c, unsigned bin)
{
    uint32_t end = __atomic_load_n(&c->typed_end, __ATOMIC_ACQUIRE) * TYPED_TOGETHER;
    for (uint32_t t = bin - TYPED_FIRST; t < end; t++) {
        const struct typed_group *g =
            __atomic_load_n(&c->typed[t / TYPED_TOGETHER], __ATOMIC_ACQUIRE);
        if (!g)
            t |= TYPED_TOGETHER - 1;
        else if (RACING(g->bins[t % TYPED_TOGETHER].capacity))
            return TYPED_FIRST + t;
    }
    return 0;
}

/* Whether what threads free goes to the magazines of a shard that is nobody's. */
static bool is_freed_apart(const struct heap *h)
{
    return is_sampled(h) || h->hold;
}

/* Chooses a shard that the fewest caches draw from, and counts one more for it. */
static unsigned choose_shard(struct heap *h)
{
    unsigned best = 0, shards = is_freed_apart(h) ? SHARD_FREED : SHARDS_OWN;
    for (unsigned shard = 1; shard < shards; shard++)
        if (__atomic_load_n(&h->numbers->shards[shard].caches, __ATOMIC_RELAXED) <
            __atomic_load_n(&h->numbers->shards[best].caches, __ATOMIC_RELAXED))
            best = shard;
    __atomic_fetch_add(&h->numbers->shards[best].caches, 1, __ATOMIC_RELAXED);
    return best;
}

/* Takes a cache that is kept, or returns NULL if there is none. */
static struct cache *take_kept(struct heap *h)
{
    if (h->space->shared) /* its locks are for brackets, and threads come in none */
        return NULL;
    critical_take(&h->numbers->extent_lock, RANK_EXTENT);
    struct cache *c = h->kept;
    if (c) {
        h->kept = c->next;
        h->kept_count--;
    }
    critical_release(&h->numbers->extent_lock, RANK_EXTENT);
    return c;
}

/* Keeps an empty cache for another thread.  Returns false if enough are kept. */
static bool keep(struct cache *c)
{
    struct heap *h = c->heap;
    if (h->space->shared)
        return false;
    lock_take(&h->numbers->extent_lock, RANK_EXTENT);
    bool kept = h->kept_count < CACHES_KEPT;
    if (kept) {
        c->next = h->kept;
        h->kept = c;
        h->kept_count++;
    }
    lock_release(&h->numbers->extent_lock, RANK_EXTENT);
    return kept;
}

/* A heap of this size has objects of all sizes. */
static bool is_small(const struct heap *h)
{
    return RACING(h->bytes) <= COARSE_MOST && !h->space->shared && !h->told &&
           !is_sampled(h);
}

/* A cache that is kept knows of which sizes the threads before had many objects. */
static void serve(struct cache *c, struct heap *h)
{
    if (!c->heap)
        coarse_begin(c, is_small(h));
    c->heap = h;
    c->used = false;
    memcpy(c->small_classes, small_classes + h->numbers->end_pointers,
           sizeof c->small_classes);
    c->home = (uint8_t)choose_shard(h);
    c->shard = (unit_word)(is_freed_apart(h) ? SHARD_FREED : c->home) << UNIT_SHARD_SHIFT;
}

struct cache *cache_take_kept(struct heap *h)
{
    struct cache *c = take_kept(h);
    if (c)
        serve(c, h);
    return c;
}

struct cache *cache_create(struct heap *h)
{
    struct cache *c = take_kept(h);
    if (!c)
        c = meta_alloc(ACCOUNT_CACHES, sizeof *c);
    if (c)
        serve(c, h);
    return c;
}

static void drop_magazines(struct cache *c, unsigned from)
{
    for (unsigned group = from; group < BIN_GROUPS; group++) {
        if (!c->magazines[group])
            continue;
        meta_free(c->magazines[group], magazines_bytes());
        memset(group_bins(c, group), 0, GROUP_BINS * sizeof(struct bin));
        c->magazines[group] = NULL;
    }
}

static void release(struct cache *c)
{
    drop_magazines(c, 0);
    meta_free(c, sizeof *c);
}

void cache_destroy(struct cache *c)
{
    cache_empty(c);
    __atomic_fetch_sub(&c->heap->numbers->shards[c->home].caches, 1, __ATOMIC_RELAXED);
    drop_magazines(c, KIND_COUNT);
    drop_typed(c);
    if (!keep(c))
        release(c);
}

void cache_release_kept(struct heap *h)
{
    for (struct cache *c; (c = take_kept(h));)
        release(c);
}

bool cache_advance(struct cache *c, unsigned bin)
{
    struct bin *b = cache_bin_at(c, bin);
    if (b->end == b->run_end)
        return false;
    if (b->end >= b->fresh || !cache_zeroes(bin)) {
        b->end = b->run_end;
        return true;
    }
    size_t slots =
        min_size(max_size(ZERO_AHEAD / b->size, 1), (size_t)(b->fresh - b->end));
    track_clear(bin_object(b, b->end), slots * b->size);
    b->end += slots;
    return true;
}

static bool add_magazine(struct cache *c, unsigned bin)
{
    return bin < TYPED_FIRST
               ? add_magazines(c, bin / GROUP_BINS)
               : add_typed_magazine(c->heap, cache_bin_at(c, bin), bin - TYPED_FIRST);
}

bool cache_refill(struct cache *c, unsigned bin)
{
    struct bin *b = cache_bin_at(c, bin);
    c->used = true;
    if (b->capacity == 0 && !add_magazine(c, bin))
        return false;
    return run_take(c, bin) && (b->count > 0 || cache_advance(c, bin));
}

bool cache_take_freed(struct cache *c, unsigned bin, uint32_t most)
{
    if (bin >= TYPED_FIRST)
        return false;
    unit_word own = (unit_word)c->home << UNIT_SHARD_SHIFT | (unit_word)bin
                                                                 << UNIT_BIN_SHIFT;
    struct bin *b = &c->bins[bin], *freed = &c->bins[cache_bin(c, own)];
    uint32_t taken = (uint32_t)min_size(most, freed->count);
    if (taken == 0 || (b->capacity == 0 && !add_magazine(c, bin)))
        return false;
    memcpy(b->magazine, freed->magazine + freed->count - taken,
           taken * sizeof(struct slot));
    freed->count -= taken;
    b->count = taken;
    return true;
}

static uint32_t head_of(const struct heap *h, const void *object)
{
    return unit_head(h, unit_of(h, (uintptr_t)object));
}

/* Frees the first `slots` objects of the magazine in the heap; those that lie in one
 * block and follow one another are freed together. */
static void give_back(struct heap *h, struct bin *b, uint32_t slots)
{
    size_t bytes = (size_t)slots * b->size;
    for (uint32_t i = 0, n; i < slots; i += n) {
        uint32_t head = head_of(h, b->magazine[i].object);
        struct lock *lock = block_lock(h, head);
        for (n = 0; i + n < slots && head_of(h, b->magazine[i + n].object) == head; n++)
            *b->magazine[i + n].state = STATE_FREE;
        CRASH_POINT("cache give back: free");
        block_free_slots(h, head, n);
        CRASH_POINT("cache give back: counted");
        lock_release(lock, RANK_BIN);
    }
    b->count = b->count - slots;
    memmove(b->magazine, b->magazine + slots, b->count * sizeof(struct slot));
    heap_credit(h, bytes);
    count_add(&h->numbers->counters.freed_bytes, bytes);
}

void cache_give_back(struct heap *h, struct slot *slots, uint32_t count, uint32_t size)
{
    struct bin b = {.magazine = slots, .count = count, .size = size};
    give_back(h, &b, count);
}

/* All objects of a magazine for other shards' become free, or are held. */
static void give_others_back(struct heap *h, struct bin *b)
{
    if (h->hold && h->hold(h, b->magazine, b->count, (size_t)b->count * b->size))
        b->count = 0;
    else
        give_back(h, b, b->count);
}

static bool is_of_others(unsigned bin)
{
    return bin >= BIN_COUNT && bin < TYPED_FIRST;
}

static void spill(struct cache *c, struct bin *b, bool others)
{
    c->used = true;
    if (others)
        give_others_back(c->heap, b);
    else
        give_back(c->heap, b, (b->count + 1u) / 2);
}

/* Frees an object in the heap at once, where there is no memory for a magazine or the
 * block is set apart. */
static void give_back_one(struct cache *c, unit_word word, void *object, uint8_t *state)
{
    struct slot slot;
    struct bin b = {.magazine = &slot};
    b.size = word_geometry(word)->size;
    cache_put(&b, 0, object, state);
    give_back(c->heap, &b, 1);
}

static void free_typed(struct cache *c, unit_word word, void *object, uint8_t *state)
{
    uint32_t t = unit_type(c->heap, unit_of(c->heap, (uintptr_t)object));
    if (!cache_group(c, TYPED_FIRST + t) && !cache_add_typed(c, t))
        return give_back_one(c, word, object, state);
    struct bin *b = cache_bin_at(c, TYPED_FIRST + t);
    if (is_sampled(c->heap)) /* what is at hand has been counted */
        return give_back_one(c, word, object, state);
    if (b->capacity == 0 && !add_typed_magazine(c->heap, b, t))
        return give_back_one(c, word, object, state);
    if (b->count == b->capacity)
        spill(c, b, false);
    cache_put(b, b->count, object, state);
}

void cache_free(struct cache *c, unit_word word, void *object, uint8_t *state)
{
    if (word_typed(word))
        return free_typed(c, word, object, state);
    unsigned index = cache_bin(c, word);
    struct bin *b = &c->bins[index];
    if (b->capacity == 0 &&
        (word_shard(word) >= SHARDS_OWN || !add_magazines(c, index / GROUP_BINS)))
        return give_back_one(c, word, object, state);
    if (b->count == b->capacity)
        spill(c, b, is_of_others(index));
    cache_put(b, b->count, object, state);
}

static void empty_bin(struct cache *c, unsigned bin)
{
    struct bin *b = cache_bin_at(c, bin);
    if (is_sampled(c->heap) && (bin < BIN_COUNT || bin >= TYPED_FIRST))
        *sample_until(c, bin) = 0; /* is drawn anew */
    if (b->count && is_of_others(bin))
        give_others_back(c->heap, b);
    else if (b->count)
        give_back(c->heap, b, b->count);
    if (b->block)
        run_drop(c, bin);
}

/* Bins have nothing before they have magazines. */
static void empty_groups(struct cache *c, unsigned from, unsigned to)
{
    for (unsigned group = from; group < to; group++) {
        if (!c->magazines[group])
            continue;
        unsigned first = group * GROUP_BINS;
        for (unsigned i = first + 1; i <= first + CLASS_MEDIUM_LAST; i++)
            empty_bin(c, i);
    }
}

static void empty_typed(struct cache *c)
{
    for (TYPED_BINS(c, bin)) {
        empty_bin(c, bin);
        cache_group(c, bin)->runs[bin % TYPED_TOGETHER] = 0;
    }
}

void cache_empty_others(struct cache *c)
{
    empty_groups(c, KIND_COUNT, BIN_GROUPS);
}

void cache_empty(struct cache *c)
{
    empty_groups(c, 0, BIN_GROUPS);
    empty_typed(c);
    extent_give_unit_run(c->heap, &c->unit_run);
    c->unit_run.start = 0;
    memset(c->runs, 0, sizeof c->runs);
}

static void forget_bin(struct bin *b)
{
    b->cur = b->end = b->fresh = b->run_end = NULL;
    b->count = b->block = 0;
}

void cache_forget(struct cache *c)
{
    for (unsigned i = 0; i < SHARDS * BIN_COUNT; i++)
        if (c->magazines[i / GROUP_BINS])
            forget_bin(&c->bins[i]);
    for (TYPED_BINS(c, bin))
        forget_bin(cache_bin_at(c, bin));
    for (TYPED_BINS(c, bin))
        *sample_until(c, bin) = 0;
    memset(c->until, 0, sizeof c->until);
    memset(c->runs, 0, sizeof c->runs);
    memset(c->borrows, 0, sizeof c->borrows);
    c->unit_run = (struct unit_run){0};
}

READS_RACING static void add_held(struct cache_held *held, const struct bin *b)
{
    held->run_bytes += (size_t)(b->run_end - b->cur) * b->size;
    held->magazine_bytes += (size_t)b->count * b->size;
}

READS_RACING struct cache_held cache_held(const struct cache *c)
{
    struct cache_held held = {0};
    for (unsigned group = 0; group < BIN_GROUPS; group++) {
        const struct bin *bins = c->bins + group * GROUP_BINS;
        if (!c->magazines[group])
            continue;
        for (const struct bin *b = bins + 1; b <= bins + CLASS_MEDIUM_LAST; b++)
            add_held(&held, b);
    }
    for (TYPED_BINS(c, bin))
        add_held(&held, cache_bin_at(c, bin));
    return held;
}
