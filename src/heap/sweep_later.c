/* The program runs meanwhile: it frees objects of the block by their states, and slots by the block's lock; it
 * takes none of the block while that is tenured. */
#include "heap/sweep_later.h"

#include "heap/block.h"
#include "heap/state.h"

void sweep_later_add(struct heap *h, uint32_t head)
{
    __atomic_fetch_or(&block_at(h, head)->flags, BLOCK_UNSWEPT, __ATOMIC_RELAXED);
    if (h->unswept == 0)
        __atomic_store_n(&h->unswept, head, __ATOMIC_RELAXED);
}

/* Without the block's lock another thread may be making a block there, which is not unswept. */
READS_RACING static bool is_unswept(const struct heap *h, uint32_t unit)
{
    return unit_is_head(h, unit) && block_has(h, unit, BLOCK_UNSWEPT);
}

/* So many objects were freed of the block, and so many are marked. */
static void count_again(struct heap *h, uint32_t head, uint32_t freed, uint32_t live)
{
    struct heap_numbers *n = h->numbers;
    struct block *b = block_at(h, head);
    size_t size = block_slot_bytes(h, head), gone = (size_t)b->live - live;
    __atomic_fetch_sub(&n->live_objects, gone, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&n->live_bytes, gone * size, __ATOMIC_RELAXED);
    n->live_full -= min_size(n->live_full, gone * size);
    n->counters.reclaimed_objects += freed;
    n->counters.reclaimed_bytes += freed * size;
    b->live = (uint16_t)live;
}

/* The size of a large object that lives is its owner's, and not looked at. */
static void sweep_block(struct heap *h, uint32_t head)
{
    struct state_found found =
        state_sweep_beside(block_states(h, head), word_geometry(word_of(h, head))->count,
                           h->numbers->mark);
    if (found.freed > 0 || found.marked != block_at(h, head)->live)
        count_again(h, head, found.freed, found.marked);
    block_swept(h, head, found.freed);
    if (found.some_new)
        __atomic_fetch_or(&block_at(h, head)->flags, BLOCK_MIXED, __ATOMIC_RELAXED);
}

/* Returns whether it was an unswept block: it may have gone when the lock is had. */
static bool visit(struct heap *h, uint32_t unit)
{
    if (!is_unswept(h, unit))
        return false;
    struct lock *lock = block_lock(h, unit);
    bool found = is_unswept(h, unit);
    if (found)
        sweep_block(h, unit);
    lock_release(lock, RANK_BIN);
    return found;
}

void sweep_later(struct heap *h, uint32_t blocks)
{
    lock_check_held(RANK_WORLD);
    uint32_t unit = h->unswept, end = unit_end(h);
    if (unit == 0)
        return;
    for (; unit < end && blocks > 0; unit++)
        blocks -= visit(h, unit);
    __atomic_store_n(&h->unswept, unit < end ? unit : 0, __ATOMIC_RELAXED);
}
