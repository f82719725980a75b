/* Sweeping reads and writes state bytes and descriptors only, never object memory. */
#include "heap/sweep.h"

#include "heap/altered.h"
#include "heap/block.h"
#include "heap/state.h"
#include "heap/wide.h"

static void sweep_block(struct heap *h, uint32_t head)
{
    struct block *b = block_at(h, head);
    const struct geometry *g = &geometries[word_class(h->words[head])];
    size_t size = b->bytes ? b->bytes : g->size;
    uint32_t reclaimed;
    if (UNLIKELY(h->altered))
        altered_sweep(h, head);
    struct state_counts counts =
        state_sweep(block_states(h, head), g->count, h->mark, &reclaimed);

    h->live_objects += counts.marked;
    h->live_bytes += counts.marked * size;
    h->counters.reclaimed_objects += reclaimed;
    h->counters.reclaimed_bytes += reclaimed * size;
    b->free_count = counts.free;
    b->cursor = 0;
    if (!b->taken)
        block_settle(h, head);
}

void sweep(struct heap *h)
{
    for (unsigned shard = 0; shard < SHARDS; shard++)
        for (unsigned bin = 0; bin < BIN_COUNT; bin++)
            h->shards[shard].bins[bin].first = h->shards[shard].bins[bin].last = 0;
    h->live_bytes = h->live_objects = 0;
    wide_forget(h);
    uint32_t next;
    for (uint32_t head = block_next(h, 1); head < unit_end(h); head = next) {
        next = block_next(h, head + block_units(h, head));
        sweep_block(h, head);
    }
}
