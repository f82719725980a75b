/* The words of a block's units, for whoever makes blocks (block.c) and for large ones, which grow and shrink
 * (block_large.c).  Whoever calls these functions has the block for itself. */
#ifndef GCALLOC_HEAP_BLOCK_WORDS_H
#define GCALLOC_HEAP_BLOCK_WORDS_H

#include "heap/block.h"

/* Units of a large object of so many bytes, whole pages: as many as a byte more would need, so that a pointer
 * one past the end lies inside. */
INLINE uint32_t block_large_units(size_t whole_bytes)
{
    return (uint32_t)((whole_bytes >> UNIT_SHIFT) + 1);
}

/* Other threads may look meanwhile whether the unit is free: it is used before and after. */
INLINE void block_set_word(struct heap *h, uint32_t unit, unit_word word)
{
    __atomic_store_n(&h->words[unit], word, __ATOMIC_RELAXED);
}

/* Gives units [from, to) of a block their words. */
void block_set_words(struct heap *h, uint32_t head, uint32_t from, uint32_t to,
                     unit_word word);

/* The word of a block's head. */
unit_word block_used_word(const struct heap *h, uint32_t head, unsigned bin,
                          unsigned shard);

/* Notes that there are objects of this kind. */
void block_note_kind(struct heap *h, enum kind kind);

/* A tenured block is that no more: somebody is about to have its slots, or its units. */
void block_untenure(struct heap *h, uint32_t head);

/* What the last sweep counted of the block is less by so many bytes in each object. */
void block_note_gone(struct heap *h, const struct block *b, size_t bytes);

#endif
