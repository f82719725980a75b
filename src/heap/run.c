/* Runs: the slots of one block, side by side, that a cache reserves at once.  A block that a run is
 * taken of is the cache's own meanwhile, but for first runs where threads are many: those are
 * borrowed, and the block is for the others, too. */
#include "heap/run.h"

#include <string.h>

#include "base/bits.h"
#include "base/crash.h"
#include "heap/block.h"
#include "heap/cache.h"
#include "heap/coarse.h"
#include "heap/count.h"
#include "heap/extent.h"
#include "heap/holes.h"
#include "heap/sample.h"
#include "heap/state.h"

enum {
    SHORT_RUN = 8,    /* shorter runs than this are gathered in the magazine */
    GATHER_MOST = 64, /* slots that are gathered at once */
    /* The first run of a bin is a page: a run is charged to the budget as a whole, and a thread
     * that allocates one object must not bring the next collection nearer by 64 KiB. */
    RUN_BYTES_FIRST = KIB(4),
    RUNS_COUNTED = 16, /* doublings: from the first run to more than any run_bytes_max */
    RUNS_FEW = 5,      /* that a class takes of its first block */
};

/* How many runs the bin took, counted to RUNS_COUNTED. */
static uint8_t *runs_of(struct cache *c, unsigned bin)
{
    return bin < TYPED_FIRST ? &c->runs[bin]
                             : &cache_group(c, bin)->runs[bin % TYPED_TOGETHER];
}

/* Whether the bin's run is borrowed: for bins of the cache's own shard, and typed ones. */
static bool *borrows_of(struct cache *c, unsigned bin)
{
    return bin < TYPED_FIRST ? &c->borrows[bin]
                             : &cache_group(c, bin)->borrows[bin % TYPED_TOGETHER];
}

/* Accounts for slots [from, to) of the block taken, of which `slots` were FREE, are
 * RESERVED now and go to the cache. */
static void account(struct heap *h, const struct bin *b, uint32_t from, uint32_t to,
                    uint32_t slots)
{
    struct block *block = block_at(h, b->block);
    size_t bytes = (size_t)slots * b->size;
    block->touched = (uint32_t)max_size(block->touched, to);
    block->cursor = to;
    CRASH_POINT("run take: not counted");
    block->free_count -= slots;
    CRASH_POINT("run take: counted");
    holes_fill(h, b->block, (size_t)from * b->size, (size_t)to * b->size);
    heap_charge(h, bytes);
    count_add(&h->numbers->counters.allocated_bytes, bytes);
}

static void take_run(struct heap *h, struct bin *b, uint32_t from, uint32_t to)
{
    uint8_t *states = block_states(h, b->block);
    uint32_t touched = block_at(h, b->block)->touched;
    uint32_t fresh = (uint32_t)min_size(max_size(touched, from), to);
    memset(states + from, STATE_RESERVED, to - from);
    CRASH_POINT("run take: reserved");
    b->origin = unit_address(h, b->block) - (uintptr_t)states * b->size;
    b->cur = b->end = states + from;
    b->fresh = states + fresh;
    b->run_end = states + to;
    account(h, b, from, to, to - from);
}

/* Gathers scattered free slots: those of short runs, from [from, to) on, go to the
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
    CRASH_POINT("run gather: reserved");
    b->count = n;
    account(h, b, first, end, n);
}

/* Reserves the next free slots of the block taken.  Returns false if it has none from its
 * cursor on.  The lock of its list is held, and so what spilled before is seen, contents
 * and all. */
static bool next_run(struct heap *h, struct bin *b, size_t bytes)
{
    lock_check_held(RANK_BIN);
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

/* Makes the block no longer a cache's own.  The lock of its list is held. */
static void leave(struct heap *h, uint32_t head)
{
    lock_check_held(RANK_BIN);
    block_at(h, head)->taken = false;
    CRASH_POINT("run leave: not taken");
    block_settle(h, head);
}

/* Takes the next run of the block taken, of so many bytes at most.  Returns false if it
 * has none. */
static bool run_of_block(struct heap *h, struct bin *b, size_t bytes)
{
    struct lock *lock = block_lock(h, b->block);
    bool found = next_run(h, b, bytes);
    lock_release(lock, RANK_BIN);
    return found;
}

/* The rest of the run becomes free again, as if it had not been taken.  The lock of the
 * block's list is held. */
static void return_run(struct heap *h, const struct bin *b, uint32_t slots)
{
    lock_check_held(RANK_BIN);
    size_t bytes = (size_t)slots * b->size;
    memset(b->cur, STATE_FREE, slots);
    CRASH_POINT("run return: free");
    block_free_slots(h, b->block, slots);
    heap_credit(h, bytes);
    count_add(&h->numbers->counters.allocated_bytes, -bytes);
}

/* Slots that are left of a borrowed run keep its block alive; without any the block is
 * not looked at, as it may be gone. */
void run_drop(struct cache *c, unsigned bin)
{
    struct heap *h = c->heap;
    struct bin *b = cache_bin_at(c, bin);
    uint32_t slots = (uint32_t)(b->run_end - b->cur);
    bool own = !*borrows_of(c, bin);
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
    *borrows_of(c, bin) = false;
}

/* Leaves the block of a bin's first run to other caches where threads are so many that
 * they share their lists, as all do those of typed bins: a thread may never need more
 * than its first run. */
static void borrow(struct cache *c, unsigned bin)
{
    struct heap *h = c->heap;
    const struct shard *shard = &h->numbers->shards[c->home];
    if (bin < TYPED_FIRST && __atomic_load_n(&shard->caches, __ATOMIC_RELAXED) == 1)
        return;
    uint32_t head = cache_bin_at(c, bin)->block;
    struct lock *lock = block_lock(h, head);
    *borrows_of(c, bin) = true;
    leave(h, head);
    lock_release(lock, RANK_BIN);
}

/* How long the bin's next run is at most: twice what the last one was allowed. */
static size_t next_run_bytes(struct cache *c, unsigned bin)
{
    uint8_t *runs = runs_of(c, bin);
    size_t bytes = (size_t)RUN_BYTES_FIRST << *runs;
    if (*runs < RUNS_COUNTED)
        ++*runs;
    bytes = min_size(bytes, c->heap->numbers->run_bytes_max);
    return is_sampled(c->heap) ? sample_run_bytes(c, bin, bytes) : bytes;
}

/* Takes a run from the block taken, or from one that is listed, in the cache's shard
 * first.  Returns false if no block has free slots. */
NOINLINE static bool find_run(struct cache *c, unsigned bin, size_t bytes)
{
    struct heap *h = c->heap;
    struct bin *b = cache_bin_at(c, bin);
    unsigned shard = c->home, shards = bin < TYPED_FIRST ? SHARDS : 1;
    if (b->block && !*borrows_of(c, bin) && run_of_block(h, b, bytes))
        return true;
    run_drop(c, bin);
    for (unsigned i = 0; i < shards; i++) {
        if (is_sampled(h) && (shard + i) % SHARDS == SHARD_NOTED && shards > 1)
            continue; /* what is freed there is looked up */
        while ((b->block = block_list_take(h, (shard + i) % SHARDS, bin, shard))) {
            if (run_of_block(h, b, bytes))
                return true;
            run_drop(c, bin);
        }
    }
    return false;
}

/* Makes a block for the bin.  Where pages are small and the thread may not need many objects of the class, it is
 * no part of the cache's unit run, so that its memory comes page by page. */
static uint32_t make_block(struct cache *c, unsigned bin)
{
    struct heap *h = c->heap;
    struct unit_run none = {0};
    bool few = *runs_of(c, bin) <= RUNS_FEW && RACING(h->bytes) <= h->huge_from;
    struct unit_run *r = few ? &none : &c->unit_run;
    coarse_note_block(c, bin);
    return bin < TYPED_FIRST ? block_create(h, bin_kind(bin), bin_class(bin), c->home, r)
                             : block_create_typed(h, bin - TYPED_FIRST, r);
}

bool run_take(struct cache *c, unsigned bin)
{
    struct bin *b = cache_bin_at(c, bin);
    bool first = *runs_of(c, bin) == 0;
    size_t bytes = next_run_bytes(c, bin);
    coarse_note_run(c, bin);
    while (!find_run(c, bin, bytes)) {
        b->block = make_block(c, bin);
        if (!b->block)
            return false;
    }
    if (first)
        borrow(c, bin);
    return true;
}
