/* Sweeping reads and writes state bytes and descriptors only, never object memory. */
#include "heap/sweep.h"

#include "base/crash.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "heap/observe.h"
#include "heap/state.h"
#include "heap/wide.h"

static void count_live(struct heap *h, struct block *b, uint32_t live, size_t size,
                       bool recounts)
{
    uint32_t before = recounts ? 0 : b->live;
    h->numbers->live_objects += live;
    h->numbers->live_objects -= before;
    h->numbers->live_bytes += live * size;
    h->numbers->live_bytes -= before * size;
    b->live = (uint16_t)live;
}

static void sweep_block(struct heap *h, uint32_t head, bool recounts)
{
    struct block *b = block_at(h, head);
    const struct geometry *g = &geometries[word_class(h->words[head])];
    size_t size = b->bytes ? b->bytes : g->size;
    uint32_t reclaimed;
    if (is_observed(h))
        observe_dead(h, head);
    if (UNLIKELY(h->numbers->altered))
        altered_sweep(h, head);
    struct state_counts counts =
        state_sweep(block_states(h, head), g->count, h->numbers->mark, &reclaimed);

    CRASH_POINT("sweep: a block");
    count_live(h, b, counts.marked, size, recounts);
    h->numbers->counters.reclaimed_objects += reclaimed;
    h->numbers->counters.reclaimed_bytes += reclaimed * size;
    b->free_count = counts.free;
    b->cursor = 0;
    if (!b->taken)
        block_settle(h, head);
}

/* Empties the lists of blocks.  There are 2048 of them in the shards of any heap, and where cycles
 * are short the time shows: those are gone through by rows and not by their numbers. */
static void forget_lists(struct heap *h)
{
    for (unsigned shard = 0; shard < SHARDS; shard++) {
        struct bin_list *bins = h->numbers->shards[shard].bins;
        for (unsigned bin = 0; bin < BIN_COUNT; bin++)
            bins[bin].first = bins[bin].last = 0;
    }
    for (unsigned i = TYPED_FIRST; i < block_lists(h); i++)
        block_list(h, i)->first = block_list(h, i)->last = 0;
}

void sweep(struct heap *h, bool recounts)
{
    lock_check_all(true);
    forget_lists(h);
    if (recounts)
        h->numbers->live_bytes = h->numbers->live_objects = 0;
    wide_forget(h);
    uint32_t next;
    for (uint32_t head = block_next(h, 1); head < unit_end(h); head = next) {
        next = block_next(h, head + block_units(h, head));
        sweep_block(h, head, recounts);
    }
    lock_check_all(false);
}
