#include "heap/cache.h"

#include <string.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/meta.h"
#include "base/os.h"
#include "heap/block.h"
#include "heap/count.h"
#include "heap/extent.h"
#include "heap/run.h"
#include "heap/state.h"

enum {
    MAGAZINE_BYTES = KIB(32), /* a magazine holds about so much, and */
    MAGAZINE_LEAST = 2,       /* at least and at most so many objects */
    MAGAZINE_MOST = 512,
    ZERO_AHEAD =
        KIB(16), /* longer is faster, as long as the lines stay in the L1 cache */
    /* Caches of threads that ended.  Programs that start a thread for each task have few at a
     * time; and so many hold half a megabyte, as a rule. */
    CACHES_KEPT = 8,
};

const struct cache cache_none;

static size_t magazine_capacity(size_t size)
{
    return min_size(max_size(MAGAZINE_BYTES / size, MAGAZINE_LEAST), MAGAZINE_MOST);
}

static bool has_slots(unsigned class)
{
    return class > CLASS_NONE && class <= CLASS_MEDIUM_LAST;
}

static bool bin_is_zeroed(unsigned bin)
{
    return !(bin_kind(bin) & KIND_ATOMIC);
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

/* Magazines for the bins of one group.  false with ENOMEM. */
static bool add_magazines(struct cache *c, unsigned group)
{
    struct slot *slots = meta_alloc(magazines_bytes());
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

/* One that few caches draw from. */
static unsigned choose_shard(struct heap *h)
{
    unsigned best = 0;
    for (unsigned shard = 1; shard < SHARDS_OWN; shard++)
        if (__atomic_load_n(&h->numbers->shards[shard].caches, __ATOMIC_RELAXED) <
            __atomic_load_n(&h->numbers->shards[best].caches, __ATOMIC_RELAXED))
            best = shard;
    __atomic_fetch_add(&h->numbers->shards[best].caches, 1, __ATOMIC_RELAXED);
    return best;
}

/* One that is kept; NULL: there is none. */
static struct cache *take_kept(struct heap *h)
{
    critical_take(&h->numbers->extent_lock, RANK_EXTENT);
    struct cache *c = h->kept;
    if (c) {
        h->kept = c->next;
        h->kept_count--;
    }
    critical_release(&h->numbers->extent_lock, RANK_EXTENT);
    return c;
}

/* An empty cache.  false: enough are kept. */
static bool keep(struct cache *c)
{
    struct heap *h = c->heap;
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

static void serve(struct cache *c, struct heap *h)
{
    c->heap = h;
    c->used = false;
    memcpy(c->small_classes, small_classes + h->numbers->end_pointers,
           sizeof c->small_classes);
    c->shard = choose_shard(h) << UNIT_SHARD_SHIFT;
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
        c = meta_alloc(sizeof *c);
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
    __atomic_fetch_sub(&c->heap->numbers->shards[word_shard(c->shard)].caches, 1,
                       __ATOMIC_RELAXED);
    drop_magazines(c, KIND_COUNT);
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
    struct bin *b = &c->bins[bin];
    if (b->end == b->run_end)
        return false;
    if (b->end >= b->fresh || !bin_is_zeroed(bin)) {
        b->end = b->run_end;
        return true;
    }
    size_t slots =
        min_size(max_size(ZERO_AHEAD / b->size, 1), (size_t)(b->fresh - b->end));
    memset(bin_object(b, b->end), 0, slots * b->size);
    b->end += slots;
    return true;
}

bool cache_refill(struct cache *c, unsigned bin)
{
    struct bin *b = &c->bins[bin];
    c->used = true;
    if (b->capacity == 0 && !add_magazines(c, bin / GROUP_BINS))
        return false;
    return run_take(c, bin) && (b->count > 0 || cache_advance(c, bin));
}

static uint32_t head_of(const struct heap *h, const void *object)
{
    return unit_head(h, unit_of(h, (uintptr_t)object));
}

/* The first `slots` objects of the magazine become free in the heap, those that lie in one
 * block and follow one another together. */
static void give_back(struct heap *h, struct bin *b, uint32_t slots)
{
    size_t bytes = (size_t)slots * b->size;
    for (uint32_t i = 0, n; i < slots; i += n) {
        uint32_t head = head_of(h, b->magazine[i].object);
        struct lock *lock = block_lock(h, head);
        for (n = 0; i + n < slots && head_of(h, b->magazine[i + n].object) == head; n++)
            *b->magazine[i + n].state = STATE_FREE;
        block_free_slots(h, head, n);
        lock_release(lock, RANK_BIN);
    }
    b->count = b->count - slots;
    memmove(b->magazine, b->magazine + slots, b->count * sizeof(struct slot));
    heap_credit(h, bytes);
    count_add(&h->numbers->counters.freed_bytes, bytes);
}

static void spill(struct cache *c, unsigned index)
{
    struct bin *b = &c->bins[index];
    c->used = true;
    give_back(c->heap, b, index < BIN_COUNT ? (b->count + 1u) / 2 : b->count);
}

/* There is no memory for a magazine, or the block is set apart: the object becomes free in the
 * heap at once. */
static void give_back_one(struct cache *c, unit_word word, void *object, uint8_t *state)
{
    struct slot slot;
    struct bin b = {.magazine = &slot};
    b.size = word_geometry(word)->size;
    cache_put(&b, 0, object, state);
    give_back(c->heap, &b, 1);
}

void cache_free(struct cache *c, unit_word word, void *object, uint8_t *state)
{
    unsigned index = cache_bin(c, word);
    struct bin *b = &c->bins[index];
    if (b->capacity == 0 &&
        (word_shard(word) >= SHARDS_OWN || !add_magazines(c, index / GROUP_BINS)))
        return give_back_one(c, word, object, state);
    if (b->count == b->capacity)
        spill(c, index);
    cache_put(b, b->count, object, state);
}

/* Bins have nothing before they have magazines. */
static void empty_groups(struct cache *c, unsigned from, unsigned to)
{
    for (unsigned group = from; group < to; group++) {
        if (!c->magazines[group])
            continue;
        unsigned first = group * GROUP_BINS;
        for (unsigned i = first + 1; i <= first + CLASS_MEDIUM_LAST; i++) {
            if (c->bins[i].count)
                give_back(c->heap, &c->bins[i], c->bins[i].count);
            if (c->bins[i].block)
                run_drop(c, i);
        }
    }
}

void cache_empty_others(struct cache *c)
{
    empty_groups(c, KIND_COUNT, BIN_GROUPS);
}

void cache_empty(struct cache *c)
{
    empty_groups(c, 0, BIN_GROUPS);
    extent_give_unit_run(c->heap, &c->unit_run);
    c->unit_run.start = 0;
    memset(c->runs, 0, sizeof c->runs);
}

READS_RACING struct cache_held cache_held(const struct cache *c)
{
    struct cache_held held = {0};
    for (unsigned group = 0; group < BIN_GROUPS; group++) {
        const struct bin *bins = c->bins + group * GROUP_BINS;
        if (!c->magazines[group])
            continue;
        for (const struct bin *b = bins + 1; b <= bins + CLASS_MEDIUM_LAST; b++) {
            held.run_bytes += (size_t)(b->run_end - b->cur) * b->size;
            held.magazine_bytes += (size_t)b->count * b->size;
        }
    }
    return held;
}

/* `own`: no other cache draws from its block. */
static uint32_t bin_check(const struct heap *h, const struct bin *b, unsigned bin,
                          bool own)
{
    CHECK(b->cur <= b->end && b->end <= b->run_end && b->fresh <= b->run_end);
    CHECK(b->count <= b->capacity);
    if (b->block && (own || b->cur < b->run_end))
        CHECK(word_bin(h->words[b->block]) == bin);
    CHECK(!b->block || !own || block_at(h, b->block)->taken);
    for (uint8_t *s = b->cur; s < b->run_end; s++) {
        CHECK(*s == STATE_RESERVED);
        struct cell o = lookup_cell(h, (uintptr_t)bin_object(b, s));
        CHECK(o.state == s && o.address == (uintptr_t)bin_object(b, s));
    }
    for (uint32_t i = 0; i < b->count; i++) {
        struct slot slot = b->magazine[i];
        CHECK(*slot.state == STATE_RESERVED);
        struct cell o = lookup_cell(h, (uintptr_t)slot.object);
        CHECK(o.state == slot.state && word_bin(o.word) == bin);
    }
    return (uint32_t)(b->run_end - b->cur) + b->count;
}

uint32_t cache_check(const struct cache *c)
{
    uint32_t held = 0;
    for (unsigned i = 0; i < SHARDS * BIN_COUNT; i++)
        if (c->magazines[i / GROUP_BINS])
            held += bin_check(c->heap, &c->bins[i], i % BIN_COUNT,
                              i >= BIN_COUNT || !c->borrows[i]);
    return held;
}
