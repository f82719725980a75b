/* Blocks: made from units, listed by bin while they have free slots, given back.  Which
 * slots of a block a cache reserves is not decided here (run.c), nor which units it gets
 * (extent.c).  Invariant: a block is on the list of its shard and bin exactly when no
 * cache has taken it and it has a free slot. */
#ifndef GCALLOC_HEAP_BLOCK_H
#define GCALLOC_HEAP_BLOCK_H

#include "heap/lookup.h"

/* Makes a block for one size class, of this shard; all its slots are free, and it counts as
 * taken, by the caller.  A block of one unit takes it from the caller's unit run.
 * Returns its head, or 0 with errno ENOMEM. */
uint32_t block_create(struct heap *h, enum kind kind, unsigned class, unsigned shard,
                      struct unit_run *r);

/* Makes a block for objects of a typed bin, which is of no cache's shard, and taken by the
 * caller.  Returns its head, or 0 with errno ENOMEM. */
uint32_t block_create_typed(struct heap *h, uint32_t t, struct unit_run *r);

/* Makes a block for one object of `bytes` bytes, its address a multiple of `alignment`.
 * The object's state is still FREE, and its memory as it was (block_clear_large).
 * Returns the head, or 0 with errno ENOMEM. */
uint32_t block_create_large(struct heap *h, enum kind kind, size_t bytes,
                            size_t alignment);

/* Zeroes what is not zero already from byte `from` on, in a large block that was just
 * made, or grown from there. */
void block_clear_large(struct heap *h, uint32_t head, size_t from);

/* Makes room for `bytes` in place; the new bytes are as they were.  Returns false if the
 * next units are not free, or if a limit forbids it. */
bool block_grow_large(struct heap *h, uint32_t head, size_t bytes);

/* Gives back the memory beyond `bytes` of a large block.  Returns false if it has to keep its size, as markers read
 * it while the program runs. */
bool block_shrink_large(struct heap *h, uint32_t head, size_t bytes);

/* Gives the block's units back.  All slots are FREE, and the block is not listed. */
void block_release(struct heap *h, uint32_t head);

/* From now on the object of a large block is of this kind, or of this typed bin. */
void block_set_kind(struct heap *h, uint32_t head, enum kind kind);
void block_set_typed(struct heap *h, uint32_t head, uint32_t t);

/* The block, which is tenured, is that no more, and is listed if it offers slots now.  The world is
 * stopped. */
void block_leave_tenure(struct heap *h, uint32_t head);

/* How many units the block has. */
uint32_t block_units(const struct heap *h, uint32_t head);

/* Whether a block that no cache draws from is to be listed: it has free slots, and a quarter of all if it is
 * tenured, which it would be no more for the sake of a few; a tenured one that is unswept is listed when it
 * has been swept.  A large object's place is given out again as units only. */
INLINE bool block_offers(const struct heap *h, uint32_t head)
{
    uint32_t free = block_at(h, head)->free_count;
    if (RACING(block_at(h, head)->bytes)) /* it may grow meanwhile, beside the program */
        return false;
    if (LIKELY(!block_has(h, head, BLOCK_TENURED)))
        return free > 0;
    return free > 0 && !block_has(h, head, BLOCK_UNSWEPT) &&
           free >= word_geometry(word_of(h, head))->count / 4;
}

/* The bytes of each of the block's slots. */
INLINE size_t block_slot_bytes(const struct heap *h, uint32_t head)
{
    size_t bytes = block_at(h, head)->bytes;
    return bytes ? bytes : word_geometry(word_of(h, head))->size;
}

/* The bin that the block is of, by number: from TYPED_FIRST on a typed one. */
INLINE unsigned block_bin(const struct heap *h, uint32_t head)
{
    unit_word word = word_of(h, head);
    return word_typed(word) ? TYPED_FIRST + unit_type(h, head) : word_bin(word);
}

/* How many lists of blocks there are: those of shards, bin by bin, and from TYPED_FIRST
 * on those of typed bins. */
INLINE unsigned block_lists(const struct heap *h)
{
    return TYPED_FIRST + __atomic_load_n(&h->numbers->typed_count, __ATOMIC_ACQUIRE);
}

/* The list of blocks with that number, which is below block_lists. */
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

/* Takes the first block off a shard's list, for a cache; 0 if there is none, or if the first is tenured and
 * free units are to be preferred.  From now on it
 * belongs to shard `to`, unless it is set apart or typed. */
uint32_t block_list_take(struct heap *h, unsigned shard, unsigned bin, unsigned to);

/* A slot that was FREE and is NEW. */
struct taken_slot {
    void *object;
    bool clean; /* it reads as zero */
};

/* Takes a slot of a block that no cache draws from, and which has free slots.  The lock
 * of the block's list is held. */
struct taken_slot block_take_slot(struct heap *h, uint32_t head);

/* Takes a slot of the first block of a shard's list, which leaves the list with its last
 * one.  Returns the block's head, or 0 if the list is empty. */
uint32_t block_list_slot(struct heap *h, unsigned shard, unsigned bin,
                         struct taken_slot *slot);

/* Takes a slot of a new block of the shard.  Returns the block's head, or 0 if there is no memory for one. */
uint32_t block_new_slot(struct heap *h, unsigned bin, unsigned shard,
                        struct taken_slot *slot);

/* Lists a block that is neither taken nor listed if it has free slots, and releases it if
 * it has nothing else.  The lock of the block's list is held, or the world is stopped. */
void block_settle(struct heap *h, uint32_t head);

/* Takes the block off its list if it is on one.  The world is stopped. */
void block_unlist(struct heap *h, uint32_t head);

/* From now on the block is of this shard.  It is on no list; the lock of the list of its
 * present shard is held, or the world is stopped. */
void block_set_shard(struct heap *h, uint32_t head, unsigned shard);

/* What is freed of the block comes to the slow path from now on: `shard` is SHARD_APART or
 * SHARD_NOTED.  SHARD_APART counts for more. */
void block_set_aside(struct heap *h, uint32_t head, unsigned shard);

/* Something is registered for an object of the block: from now on its objects are freed
 * on the slow path, which takes care of it. */
void block_note(struct heap *h, uint32_t head);

/* Counts so many more slots as free, at least one: they were RESERVED and are FREE now.
 * A block that is not taken is listed or released as it needs.  The lock of the block's
 * list is held. */
void block_free_slots(struct heap *h, uint32_t head, uint32_t slots);

/* The block, which was unswept, is that no more, and so many more of its slots are free.  The lock of the
 * block's list is held. */
void block_swept(struct heap *h, uint32_t head, uint32_t slots);

/* Checks that the block's counters agree with its states and words.  Returns the number
 * of RESERVED slots. */
uint32_t block_check(const struct heap *h, uint32_t head);

/* Checks that the list of that number is well-formed.  Returns its length. */
uint32_t block_list_check(struct heap *h, unsigned number);

/* The head of the next block from unit `u` on, or unit_end(h) if there is none. */
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
