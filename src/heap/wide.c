/* Wide objects, and when they are worth a block. */
#include "heap/wide.h"

#include "heap/block.h"
#include "heap/count.h"
#include "heap/holes.h"

/* A block is worth its memory when half of it would be in use: before, a program that needs an
 * object or two would have to pay for all of its slots. */
static bool is_wanted(struct heap *h, unsigned bin)
{
    uint16_t wanted = __atomic_load_n(&h->numbers->wide_wanted[bin], __ATOMIC_RELAXED);
    if (2u * wanted >= geometries[bin_class(bin)].count)
        return true;
    __atomic_store_n(&h->numbers->wide_wanted[bin], (uint16_t)(wanted + 1),
                     __ATOMIC_RELAXED);
    return false;
}

/* Takes a slot of a listed block, of the cache's shard first.  Returns the block's head,
 * or 0 if no list has one. */
static uint32_t find_slot(struct heap *h, unsigned bin, unsigned shard,
                          struct taken_slot *slot)
{
    uint32_t head = 0;
    for (unsigned i = 0; i < SHARDS && head == 0; i++)
        head = block_list_slot(h, (shard + i) % SHARDS, bin, slot);
    return head;
}

void *wide_alloc(struct heap *h, unsigned bin, unsigned shard, bool *clean)
{
    struct taken_slot slot;
    size_t size = geometries[bin_class(bin)].size;
    if (RACING(h->bytes) <= h->huge_from)
        return NULL;
    uint32_t head = find_slot(h, bin, shard, &slot);
    if (!head && is_wanted(h, bin))
        head = block_new_slot(h, bin, shard, &slot);
    if (!head)
        return NULL;
    heap_charge(h, size);
    count_add(&h->numbers->counters.allocated_bytes, size);
    *clean = slot.clean;
    return slot.object;
}

void wide_forget(struct heap *h)
{
    for (unsigned bin = 0; bin < BIN_COUNT; bin++)
        h->numbers->wide_wanted[bin] /= 2;
}
