#include "heap/cache.h"

#include <string.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/meta.h"
#include "base/os.h"
#include "heap/block.h"
#include "heap/count.h"
#include "heap/extent.h"
#include "heap/holes.h"
#include "heap/state.h"

enum {
    MAGAZINE_BYTES = KIB(32), /* a magazine holds about so much, and */
    MAGAZINE_LEAST = 2,       /* at least and at most so many objects */
    MAGAZINE_MOST = 512,
    ZERO_AHEAD =
        KIB(16),      /* longer is faster, as long as the lines stay in the L1 cache */
    SHORT_RUN = 8,    /* shorter runs than this are gathered in the magazine, */
    GATHER_MOST = 64, /* so many slots at once */
    /* The first run of a bin is a page: a run is charged to the budget as a whole, and a thread
     * that allocates one object must not bring the next collection nearer by 64 KiB. */
    RUN_BYTES_FIRST = KIB(4),
    RUNS_COUNTED = 16, /* doublings: from the first run to more than any run_bytes_max */
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
    return !(bin_kind(bin) & KIND_OPAQUE);
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
    for (unsigned shard = 1; shard < SHARD_APART; shard++)
        if (__atomic_load_n(&h->shards[shard].caches, __ATOMIC_RELAXED) <
            __atomic_load_n(&h->shards[best].caches, __ATOMIC_RELAXED))
            best = shard;
    __atomic_fetch_add(&h->shards[best].caches, 1, __ATOMIC_RELAXED);
    return best;
}

/* One that is kept; NULL: there is none. */
static struct cache *take_kept(struct heap *h)
{
    critical_begin();
    lock_take(&h->extent_lock, RANK_EXTENT);
    struct cache *c = h->kept;
    if (c) {
        h->kept = c->next;
        h->kept_count--;
    }
    lock_release(&h->extent_lock, RANK_EXTENT);
    critical_end();
    return c;
}

/* An empty cache.  false: enough are kept. */
static bool keep(struct cache *c)
{
    struct heap *h = c->heap;
    lock_take(&h->extent_lock, RANK_EXTENT);
    bool kept = h->kept_count < CACHES_KEPT;
    if (kept) {
        c->next = h->kept;
        h->kept = c;
        h->kept_count++;
    }
    lock_release(&h->extent_lock, RANK_EXTENT);
    return kept;
}

static void serve(struct cache *c, struct heap *h)
{
    c->heap = h;
    c->used = false;
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
    __atomic_fetch_sub(&c->heap->shards[word_shard(c->shard)].caches, 1,
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

/* Slots [from, to) of the block taken, `slots` of which were FREE and are RESERVED now, go to
 * the cache. */
static void account(struct heap *h, const struct bin *b, uint32_t from, uint32_t to,
                    uint32_t slots)
{
    struct block *block = block_at(h, b->block);
    size_t bytes = (size_t)slots * b->size;
    block->touched = (uint32_t)max_size(block->touched, to);
    block->cursor = to;
    block->free_count -= slots;
    holes_fill(h, b->block, (size_t)from * b->size, (size_t)to * b->size);
    heap_charge(h, bytes);
    count_add(&h->counters.allocated_bytes, bytes);
}

static void take_run(struct heap *h, struct bin *b, uint32_t from, uint32_t to)
{
    uint8_t *states = block_states(h, b->block);
    uint32_t touched = block_at(h, b->block)->touched;
    uint32_t fresh = (uint32_t)min_size(max_size(touched, from), to);
    memset(states + from, STATE_RESERVED, to - from);
    b->origin = unit_address(h, b->block) - (uintptr_t)states * b->size;
    b->cur = b->end = states + from;
    b->fresh = states + fresh;
    b->run_end = states + to;
    account(h, b, from, to, to - from);
}

/* Where free slots are scattered: those of short runs, from [from, to) on, go to the
 * magazine, which is empty, the lowest on top. */
static void gather(struct heap *h, struct bin *b, uint32_t from, uint32_t to,
                   uint32_t most)
{
    uint8_t *states = block_states(h, b->block);
    uint32_t count = geometries[word_class(h->words[b->block])].count;
    uintptr_t address = unit_address(h, b->block);
    uint32_t first = from, end = from, n = 0;
    while (to - from < SHORT_RUN && n < most && from < count) {
        for (; from < to && n < most; from++, end = from) {
            states[from] = STATE_RESERVED;
            b->magazine[n++] =
                (struct slot){(void *)(address + (uintptr_t)from * b->size),
                              states + from};
        }
        from = state_find_free(states, to, count);
        to = state_find_not_free(states, from,
                                 (uint32_t)min_size(count, from + SHORT_RUN));
    }
    for (uint32_t i = 0; i < n / 2; i++) {
        struct slot slot = b->magazine[i];
        b->magazine[i] = b->magazine[n - 1 - i];
        b->magazine[n - 1 - i] = slot;
    }
    b->count = n;
    account(h, b, first, end, n);
}

/* Reserves the next free slots of the block taken.  false: it has none from its cursor
 * on.  The lock of its list is held: so it sees what spilled before, contents and all. */
static bool next_run(struct heap *h, struct bin *b, size_t bytes)
{
    const struct block *block = block_at(h, b->block);
    const uint8_t *states = block_states(h, b->block);
    uint32_t count = geometries[word_class(h->words[b->block])].count;
    if (block->free_count == 0)
        return false;
    uint32_t from = state_find_free(states, block->cursor, count);
    if (from == count)
        return false;
    uint32_t most = (uint32_t)max_size(bytes / b->size, 1);
    uint32_t to =
        state_find_not_free(states, from, (uint32_t)min_size(count, from + most));
    if (to - from < SHORT_RUN && to - from < most && b->count == 0)
        gather(h, b, from, to,
               (uint32_t)min_size(min_size(most, GATHER_MOST), b->capacity));
    else
        take_run(h, b, from, to);
    return true;
}

/* The block is no longer a cache's own.  The lock of its list is held. */
static void leave(struct heap *h, uint32_t head)
{
    block_at(h, head)->taken = false;
    block_settle(h, head);
}

/* The next run of the block taken, of so many bytes at most. */
static bool run_of_block(struct heap *h, struct bin *b, size_t bytes)
{
    struct lock *lock = block_lock(h, b->block);
    bool found = next_run(h, b, bytes);
    lock_release(lock, RANK_BIN);
    return found;
}

/* The rest of the run becomes free again, as if it had not been taken.  The lock of the block's
 * list is held. */
static void return_run(struct heap *h, const struct bin *b, uint32_t slots)
{
    size_t bytes = (size_t)slots * b->size;
    memset(b->cur, STATE_FREE, slots);
    block_free_slots(h, b->block, slots);
    heap_credit(h, bytes);
    count_add(&h->counters.allocated_bytes, -bytes);
}

/* The cache is done with the block, and the rest of its run.  Slots that are left of a borrowed
 * run keep its block alive; else it is not looked at. */
static void drop_block(struct cache *c, unsigned bin)
{
    struct heap *h = c->heap;
    struct bin *b = &c->bins[bin];
    uint32_t slots = (uint32_t)(b->run_end - b->cur);
    bool own = !c->borrows[bin];
    if (b->block && (own || slots > 0)) {
        struct lock *lock = block_lock(h, b->block);
        if (slots > 0)
            return_run(h, b, slots);
        if (own)
            leave(h, b->block);
        lock_release(lock, RANK_BIN);
    }
    b->cur = b->end = b->fresh = b->run_end = NULL;
    b->block = 0;
    c->borrows[bin] = false;
}

/* A thread may never need more than its first run.  Where threads are so many that they share
 * their lists, the rest of its block is for the others. */
static void borrow(struct cache *c, unsigned bin)
{
    struct heap *h = c->heap;
    const struct shard *shard = &h->shards[word_shard(c->shard)];
    if (__atomic_load_n(&shard->caches, __ATOMIC_RELAXED) == 1)
        return;
    uint32_t head = c->bins[bin].block;
    struct lock *lock = block_lock(h, head);
    c->borrows[bin] = true;
    leave(h, head);
    lock_release(lock, RANK_BIN);
}

/* How long the bin's next run is at most: twice what the last one was allowed. */
static size_t next_run_bytes(struct cache *c, unsigned bin)
{
    size_t bytes = (size_t)RUN_BYTES_FIRST << c->runs[bin];
    if (c->runs[bin] < RUNS_COUNTED)
        c->runs[bin]++;
    return min_size(bytes, c->heap->run_bytes_max);
}

/* A run from the block taken, or from one that is listed, in the cache's shard first. */
static bool find_run(struct cache *c, unsigned bin, size_t bytes)
{
    struct heap *h = c->heap;
    struct bin *b = &c->bins[bin];
    unsigned shard = word_shard(c->shard);
    if (b->block && !c->borrows[bin] && run_of_block(h, b, bytes))
        return true;
    drop_block(c, bin);
    for (unsigned i = 0; i < SHARDS; i++)
        while ((b->block = block_list_take(h, (shard + i) % SHARDS, bin, shard))) {
            if (run_of_block(h, b, bytes))
                return true;
            drop_block(c, bin);
        }
    return false;
}

bool cache_refill(struct cache *c, unsigned bin)
{
    struct heap *h = c->heap;
    struct bin *b = &c->bins[bin];
    unsigned shard = word_shard(c->shard);
    c->used = true;
    if (b->capacity == 0 && !add_magazines(c, bin / GROUP_BINS))
        return false;
    bool first = c->runs[bin] == 0;
    size_t bytes = next_run_bytes(c, bin);
    while (!find_run(c, bin, bytes)) {
        /* Nobody else knows of a new block before one of its slots is handed out. */
        b->block = block_create(h, bin_kind(bin), bin_class(bin), shard, &c->region);
        if (!b->block)
            return false;
        block_at(h, b->block)->taken = true;
    }
    if (first)
        borrow(c, bin);
    return b->count > 0 || cache_advance(c, bin);
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
    count_add(&h->counters.freed_bytes, bytes);
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
        (word_shard(word) == SHARD_APART || !add_magazines(c, index / GROUP_BINS)))
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
                drop_block(c, i);
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
    extent_give_region(c->heap, &c->region);
    c->region.start = 0;
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
        struct object o = lookup_object(h, (uintptr_t)bin_object(b, s));
        CHECK(o.state == s && o.address == (uintptr_t)bin_object(b, s));
    }
    for (uint32_t i = 0; i < b->count; i++) {
        struct slot slot = b->magazine[i];
        CHECK(*slot.state == STATE_RESERVED);
        struct object o = lookup_object(h, (uintptr_t)slot.object);
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
