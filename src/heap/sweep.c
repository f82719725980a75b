/* Sweeping reads and writes state bytes and descriptors only, never object memory.  Blocks that can be
 * are tenured on the way. */
#include "heap/sweep.h"

#include "base/crash.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "heap/layout.h"
#include "heap/observe.h"
#include "heap/state.h"
#include "heap/sweep_later.h"
#include "heap/tenured.h"
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

/* What a sweep does beside the states: it counts anew, or goes on counting, and tenures blocks; it leaves
 * those that stay tenured for later. */
struct sweeping {
    struct heap *heap;
    bool recounts, leaves_tenured;
    size_t gained; /* what sweep returns */
    struct tenuring tenuring;
};

/* A trace function may read what lies in no object, so that nobody knows when it is written. */
static bool is_traced(const struct heap *h, uint32_t head)
{
    return word_typed(h->words[head]) &&
           layout_at(h, unit_type(h, head))->shape == LAYOUT_TRACED;
}

/* Whether the block can be tenured, of which these states were counted. */
static bool is_fit(const struct heap *h, uint32_t head, const struct state_counts *counts)
{
    return h->tenures && !h->is_short && !block_at(h, head)->taken &&
           counts->reserved == 0 && counts->marked > 0 && !is_traced(h, head) &&
           !altered_block(h, head) && !block_has(h, head, BLOCK_MESHED);
}

/* Tenures the block if it can be, and else sees to it that it is not. */
static void tenure(struct sweeping *s, uint32_t head, const struct state_counts *counts)
{
    struct heap *h = s->heap;
    if (is_fit(h, head, counts))
        tenuring_add(&s->tenuring, head, block_units(h, head));
    else if (block_has(h, head, BLOCK_TENURED))
        tenured_leave(h, head, block_units(h, head));
    else
        tenured_note_block(h, head);
}

static void leave_block(struct sweeping *s, uint32_t head)
{
    struct heap *h = s->heap;
    struct block *b = block_at(h, head);
    count_live(h, b, b->live, block_slot_bytes(h, head), s->recounts);
    tenuring_add(&s->tenuring, head, block_units(h, head));
    sweep_later_add(h, head);
}

/* What has been quiet for two cycles, with three quarters of it free, is hardly to be needed soon. */
static void note_quiet(struct heap *h, struct block *b, const struct geometry *g,
                       bool quiet)
{
    bool again = quiet && b->flags & BLOCK_QUIET_ONCE;
    bool becomes = again && !(b->flags & BLOCK_QUIET);
    uint8_t now = again ? BLOCK_QUIET_ONCE | BLOCK_QUIET : quiet ? BLOCK_QUIET_ONCE : 0;
    uint8_t change = (b->flags ^ now) & (BLOCK_QUIET_ONCE | BLOCK_QUIET);
    if (change)
        __atomic_fetch_xor(&b->flags, change, __ATOMIC_RELAXED);
    if (becomes && b->free_count >= g->count - g->count / 4)
        h->newly_quiet += (size_t)b->free_count * g->size;
}

static void sweep_block(struct sweeping *s, uint32_t head)
{
    struct heap *h = s->heap;
    struct block *b = block_at(h, head);
    uint32_t before = b->live;
    const struct geometry *g = &geometries[word_class(h->words[head])];
    size_t size = block_slot_bytes(h, head);
    uint32_t reclaimed;
    if (is_observed(h))
        observe_dead(h, head);
    if (UNLIKELY(h->numbers->altered))
        altered_sweep(h, head);
    struct state_counts counts =
        state_sweep(block_states(h, head), g->count, h->numbers->mark, &reclaimed);

    CRASH_POINT("sweep: a block");
    bool quiet = s->recounts && !b->taken && !b->bytes && reclaimed == 0 &&
                 counts.marked == b->live && counts.reserved == 0;
    count_live(h, b, counts.marked, size, s->recounts);
    s->gained += counts.marked > before ? (counts.marked - before) * size : 0;
    h->numbers->counters.reclaimed_objects += reclaimed;
    h->numbers->counters.reclaimed_bytes += reclaimed * size;
    b->free_count = counts.free;
    b->cursor = 0;
    __atomic_fetch_and(&b->flags, (uint8_t)~BLOCK_MIXED, __ATOMIC_RELAXED);
    if (s->recounts)
        note_quiet(h, b, g, quiet);
    tenure(s, head, &counts);
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

/* NEW objects, which came out of a magazine on the way, are told from those to come in a stop only.  A block
 * that was emptied while markers ran has waited for this sweep to go. */
static bool can_wait(const struct heap *h, uint32_t head)
{
    return block_has(h, head, BLOCK_TENURED) && !block_has(h, head, BLOCK_MIXED) &&
           block_at(h, head)->free_count < word_geometry(h->words[head])->count;
}

static void sweep_all(struct sweeping *s)
{
    struct heap *h = s->heap;
    uint32_t next;
    forget_lists(h);
    h->numbers->live_bytes = h->numbers->live_objects = 0;
    for (uint32_t head = block_next(h, 1); head < unit_end(h); head = next) {
        next = block_next(h, head + block_units(h, head));
        if (s->leaves_tenured && can_wait(h, head))
            leave_block(s, head);
        else
            sweep_block(s, head);
    }
}

/* Sweeps the blocks that are not tenured. */
static void sweep_others(struct sweeping *s)
{
    struct heap *h = s->heap;
    for (uint32_t head = 1; (head = tenured_next_other(h, head)) < unit_end(h); head++) {
        block_unlist(h, head);
        sweep_block(s, head);
    }
}

static size_t run(struct sweeping *s)
{
    struct heap *h = s->heap;
    struct heap_numbers *n = h->numbers;
    lock_check_all(true);
    n->live_bytes -= n->gone_bytes;
    n->live_objects -= n->gone_objects;
    tenuring_begin(&s->tenuring, h, s->recounts);
    wide_forget(h);
    if (s->recounts)
        sweep_all(s);
    else
        sweep_others(s);
    n->gone_bytes = n->gone_objects = 0;
    tenuring_end(&s->tenuring);
    h->newly_tenured = s->tenuring.blocks;
    lock_check_all(false);
    return s->gained;
}

size_t sweep(struct heap *h, bool recounts)
{
    return run(&(struct sweeping){.heap = h, .recounts = recounts});
}

/* Observers are told of the dead on a stopped world, and what the program has altered is renewed there. */
size_t sweep_but_tenured(struct heap *h)
{
    return run(&(struct sweeping){.heap = h,
                                  .recounts = true,
                                  .leaves_tenured = h->tenures && !is_observed(h) &&
                                                    !h->numbers->altered});
}
