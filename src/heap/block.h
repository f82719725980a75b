/* Blocks: made from units, listed by bin while they have free slots, given back. */
#ifndef GCALLOC_HEAP_BLOCK_H
#define GCALLOC_HEAP_BLOCK_H

#include "heap/lookup.h"

/* A block for one size class, of this shard; all its slots are free, it is neither taken nor
 * listed.  A small one's unit is of the caller's unit run.  Returns its head; 0 with ENOMEM. */
uint32_t block_create(struct heap *h, enum kind kind, unsigned class, unsigned shard,
                      struct unit_run *r);

/* A block for objects of a typed bin, which is of no cache's shard; else as block_create. */
uint32_t block_create_typed(struct heap *h, uint32_t t, struct unit_run *r);

/* A block for one object of `bytes` bytes, its address a multiple of `alignment`.  The
 * object's state is still FREE, its memory as it was (block_clear_large).
 * Returns the head; 0 with ENOMEM. */
uint32_t block_create_large(struct heap *h, enum kind kind, size_t bytes,
                            size_t alignment);

/* Zeroes what is not zero already from byte `from` on, in a large block that was just
 * made, or grown from there. */
void block_clear_large(struct heap *h, uint32_t head, size_t from);

/* Makes room for `bytes` in place, the new bytes as they were.  false: the next units are
 * not free, or the limit. */
bool block_grow_large(struct heap *h, uint32_t head, size_t bytes);

/* Gives back the memory beyond `bytes` of a large block. */
void block_shrink_large(struct heap *h, uint32_t head, size_t bytes);

/* Gives the units back.  All slots are FREE; the block is not listed. */
void block_release(struct heap *h, uint32_t head);

/* From now on its object, a large one, is of this kind; it is of this typed bin. */
void block_set_kind(struct heap *h, uint32_t head, enum kind kind);
void block_set_typed(struct heap *h, uint32_t head, uint32_t t);

/* How many units it has. */
uint32_t block_units(const struct heap *h, uint32_t head);

/* The bin that it is of, by number: from TYPED_FIRST on a typed one. */
INLINE unsigned block_bin(const struct heap *h, uint32_t head)
{
    unit_word word = word_of(h, head);
    return word_typed(word) ? TYPED_FIRST + unit_type(h, head) : word_bin(word);
}

/* How many lists of blocks there are, and each: those of shards, bin by bin; then, from
 * TYPED_FIRST on, those of typed bins. */
INLINE unsigned block_lists(const struct heap *h)
{
    return TYPED_FIRST + __atomic_load_n(&h->numbers->typed_count, __ATOMIC_ACQUIRE);
}

INLINE struct bin_list *block_list(struct heap *h, unsigned number)
{
    return number < TYPED_FIRST
               ? &h->numbers->shards[number / BIN_COUNT].bins[number % BIN_COUNT]
               : &h->typed[number - TYPED_FIRST].list;
}

/* The list of a shard for a bin, or of a typed bin, which shards have in common. */
INLINE struct bin_list *block_list_of(struct heap *h, unsigned shard, unsigned bin)
{
    return block_list(h, bin < TYPED_FIRST ? shard * BIN_COUNT + bin : bin);
}

/* Takes the lock of the block's list, and returns it. */
struct lock *block_lock(struct heap *h, uint32_t head);

/* Takes the first block off a shard's list, for a cache; 0 if there is none.  From now on it
 * belongs to shard `to`, unless it is set apart or typed. */
uint32_t block_list_take(struct heap *h, unsigned shard, unsigned bin, unsigned to);

/* A slot that was FREE and is NEW. */
struct taken_slot {
    void *object;
    bool clean; /* it reads as zero */
};

/* One of a block that no cache draws from, which has free slots.  The lock of the block's list is
 * held. */
struct taken_slot block_take_slot(struct heap *h, uint32_t head);

/* A slot of the first block of a shard's list, which leaves the list with its last one.  Returns
 * the block's head; 0: the list is empty. */
uint32_t block_list_slot(struct heap *h, unsigned shard, unsigned bin,
                         struct taken_slot *slot);

/* For a block that is neither taken nor listed: lists it if it has free slots, releases
 * it if it has nothing else.  For this function and the next one the lock of the block's
 * list is held, or the world is stopped. */
void block_settle(struct heap *h, uint32_t head);

/* From now on the block is of this shard.  It is on no list; the lock of that which it goes to by
 * its present shard is held, or the world is stopped. */
void block_set_shard(struct heap *h, uint32_t head, unsigned shard);

/* What is freed of the block comes to the slow path from now on: `shard` is SHARD_APART or
 * SHARD_NOTED.  SHARD_APART counts for more. */
void block_set_aside(struct heap *h, uint32_t head, unsigned shard);

/* Something is registered for an object of the block: from now on its objects are freed on the slow
 * path, which tells. */
void block_note(struct heap *h, uint32_t head);

/* Counts so many slots more as free, at least one: they were RESERVED and are FREE now.  A
 * block that is not taken is listed or released as it needs. */
void block_free_slots(struct heap *h, uint32_t head, uint32_t slots);

/* Counters agree with states and words.  Returns the number of RESERVED slots. */
uint32_t block_check(const struct heap *h, uint32_t head);

/* The list of that number is well-formed.  Returns its length. */
uint32_t block_list_check(struct heap *h, unsigned number);

/* The next block's head from unit `u` on; unit_end(h) if there is none. */
INLINE uint32_t block_next(const struct heap *h, uint32_t u)
{
    uint32_t end = unit_end(h);
    while (u < end && word_class(h->words[u]) == CLASS_NONE)
        u += word_used(h->words[u]) ? 1 : h->units[u].extent.units;
    return u;
}

/* for (BLOCKS(h, head)) visits every block in order of address. */
#define BLOCKS(h, head)               \
    uint32_t head = block_next(h, 1); \
    head < unit_end(h);               \
    head = block_next(h, head + block_units(h, head))

#endif
