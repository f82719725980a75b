/* The words of units, and the way from any address to the slot around it.  Nothing here
 * takes a lock or reads an object: the unit's word and constant tables are enough, and
 * the descriptor for the size of a large block.  Words are read atomically where another
 * thread may change them. */
#ifndef GCALLOC_HEAP_LOOKUP_H
#define GCALLOC_HEAP_LOOKUP_H

#include "heap/sizeclass.h"
#include "heap/types.h"

INLINE unsigned bin_class(unsigned bin)
{
    return bin & ((1u << CLASS_BITS) - 1);
}

INLINE enum kind bin_kind(unsigned bin)
{
    return (enum kind)(bin >> CLASS_BITS);
}

INLINE unsigned bin_of(enum kind kind, unsigned class)
{
    return (unsigned)kind << CLASS_BITS | class;
}

INLINE unsigned word_bin(unit_word word)
{
    return word >> UNIT_BIN_SHIFT & ((1u << UNIT_BIN_BITS) - 1);
}

INLINE unsigned word_shard(unit_word word)
{
    return word >> UNIT_SHARD_SHIFT & (SHARDS - 1);
}

INLINE unsigned word_class(unit_word word)
{
    return bin_class(word_bin(word));
}

INLINE enum kind word_kind(unit_word word)
{
    return bin_kind(word_bin(word));
}

/* Whether the objects hold no pointers, or have a layout: marking's one question about
 * most of them. */
INLINE bool word_atomic(unit_word word)
{
    return word & (unit_word)KIND_ATOMIC << (UNIT_BIN_SHIFT + CLASS_BITS);
}

INLINE bool word_typed(unit_word word)
{
    return word & UNIT_TYPED;
}

/* Whether the objects may hold pointers, wherever those are. */
INLINE bool word_has_pointers(unit_word word)
{
    unit_word atomic = (unit_word)KIND_ATOMIC << (UNIT_BIN_SHIFT + CLASS_BITS);
    return (word & (atomic | UNIT_TYPED)) != atomic;
}

/* The typed bin that a unit of a typed block is of. */
INLINE uint32_t unit_type(const struct heap *h, uint32_t unit)
{
    return RACING(h->types[unit]);
}

/* The bin of kind and class of a typed bin's objects, and the layout that is theirs. */
INLINE unsigned typed_bin_word_bin(const struct typed_bin *b)
{
    return b->what & ((1u << UNIT_BIN_BITS) - 1);
}

INLINE uint32_t typed_bin_layout(const struct typed_bin *b)
{
    return b->what >> UNIT_BIN_BITS;
}

INLINE const struct geometry *word_geometry(unit_word word)
{
    size_t offset = word & ((1u << CLASS_BITS) - 1) << UNIT_BIN_SHIFT;
    return (const struct geometry *)(const void *)((const char *)geometries + offset);
}

/* The slot that a byte of a block lies in. */
INLINE size_t slot_index(const struct geometry *g, size_t in_block)
{
    return in_block * g->reciprocal >> GEOMETRY_SHIFT;
}

/* Bytes from the unit back to the block's head. */
INLINE size_t word_distance_bytes(unit_word word)
{
    _Static_assert((int)UNIT_DISTANCE_SHIFT == (int)UNIT_SHIFT, "units are bytes there");
    return word & (unit_word)UNIT_DISTANCE_MAX << UNIT_DISTANCE_SHIFT;
}

/* Units back to the block's head, if it is not UNIT_DISTANCE_MAX. */
INLINE uint32_t word_distance(unit_word word)
{
    return word >> UNIT_DISTANCE_SHIFT & UNIT_DISTANCE_MAX;
}

/* Where the block's states begin, in `states`. */
INLINE size_t word_states(unit_word word)
{
    return word >> UNIT_STATES_SHIFT;
}

/* What remains of the word of a used unit in that of a free one: by it a report on an
 * object that was freed before finds the object's site. */
INLINE unit_word word_that_remains(unit_word word)
{
    return word_distance(word) == 0 ? word_states(word) << UNIT_STATES_SHIFT : 0;
}

INLINE bool word_used(unit_word word)
{
    return word & UNIT_USED;
}

/* Whether the heap asks for huge pages by now, in all of it. */
INLINE bool heap_has_huge_pages(const struct heap *h)
{
    return RACING(h->bytes) > h->huge_from &&
           !__atomic_load_n(&h->numbers->keeps_small, __ATOMIC_RELAXED);
}

INLINE uint32_t unit_of(const struct heap *h, uintptr_t address)
{
    return (uint32_t)((address - h->base) >> UNIT_SHIFT);
}

INLINE uintptr_t unit_address(const struct heap *h, uint32_t unit)
{
    return h->base + ((uintptr_t)unit << UNIT_SHIFT);
}

/* How many units to go from `unit` to the next at a multiple of so many units' bytes. */
INLINE uint32_t unit_skip(const struct heap *h, uint32_t unit, uint32_t alignment)
{
    uint32_t number = (uint32_t)(unit_address(h, unit) >> UNIT_SHIFT);
    return -number & (alignment - 1);
}

INLINE uint32_t unit_end(const struct heap *h)
{
    return (uint32_t)(RACING(h->bytes) >> UNIT_SHIFT);
}

/* Nobody has the unit.  The owner of a block next to free units may change its word meanwhile, but not whether
 * it is used. */
INLINE bool unit_is_free(const struct heap *h, uint32_t unit)
{
    return unit < unit_end(h) &&
           !word_used(__atomic_load_n(&h->words[unit], __ATOMIC_RELAXED));
}

INLINE struct block *block_at(const struct heap *h, uint32_t head)
{
    return &h->units[head].block;
}

INLINE bool block_has(const struct heap *h, uint32_t head, enum block_flag flag)
{
    return __atomic_load_n(&block_at(h, head)->flags, __ATOMIC_RELAXED) & flag;
}

/* The word of a unit, of which another thread may change the shard. */
INLINE unit_word word_of(const struct heap *h, uint32_t unit)
{
    return __atomic_load_n(&h->words[unit], __ATOMIC_RELAXED);
}

/* Whether the address is memory of the heap: of a block or of free units.  Among its
 * units there are some of class none that are somebody else's: unit 0, which lies in
 * front of the reservation, and, with the program break, what others took in between. */
INLINE bool lookup_owns(const struct heap *h, uintptr_t address)
{
    if (address - h->base >= RACING(h->bytes))
        return false;
    unit_word word = word_of(h, unit_of(h, address));
    return !word_used(word) || word_class(word) != CLASS_NONE;
}

/* Whether a block begins at the unit.  Without the lock of the block's list the answer may be old. */
INLINE bool unit_is_head(const struct heap *h, uint32_t unit)
{
    unit_word word = word_of(h, unit);
    return word_used(word) && word_class(word) != CLASS_NONE && word_distance(word) == 0;
}

INLINE uint8_t *block_states(const struct heap *h, uint32_t head)
{
    return h->states + word_states(word_of(h, head));
}

/* The head of the block that a used unit belongs to. */
INLINE uint32_t unit_head(const struct heap *h, uint32_t unit)
{
    uint32_t distance = word_distance(word_of(h, unit));
    while (UNLIKELY(distance == UNIT_DISTANCE_MAX)) {
        unit -= distance;
        distance = word_distance(word_of(h, unit));
    }
    return unit - distance;
}

/* A slot, whatever its state. */
struct cell {
    uintptr_t address;
    size_t size;    /* of the slot; large: committed bytes */
    unit_word word; /* of a unit of its block */
    uint8_t *state; /* NULL: there is no slot */
};

/* The slot of that number in the block. */
INLINE struct cell block_cell(const struct heap *h, uint32_t head, size_t index)
{
    unit_word word = word_of(h, head);
    size_t size = word_geometry(word)->size;
    uintptr_t address = unit_address(h, head) + index * size;
    if (UNLIKELY(size == UINT32_MAX))
        size = block_at(h, head)->bytes;
    return (struct cell){address, size, word, h->states + word_states(word) + index};
}

/* The slot that `address` lies in; `state` is NULL if there is none.  The unit's word is read once: where nobody
 * keeps the block from being taken back meanwhile, the slot is as it was, or there is none. */
INLINE struct cell lookup_cell(const struct heap *h, uintptr_t address)
{
    size_t offset = address - h->base;
    if (offset >= RACING(h->bytes))
        return (struct cell){0};
    uint32_t unit = (uint32_t)(offset >> UNIT_SHIFT);
    unit_word word = word_of(h, unit);
    const struct geometry *g = word_geometry(word);
    uint32_t distance = word_distance(word);
    uint32_t head =
        LIKELY(distance < UNIT_DISTANCE_MAX) ? unit - distance : unit_head(h, unit);
    size_t index = slot_index(g, offset - ((size_t)head << UNIT_SHIFT));
    if (UNLIKELY(index >= g->count))
        return (struct cell){0};
    size_t size = LIKELY(g->size < UINT32_MAX) ? g->size : block_at(h, head)->bytes;
    return (struct cell){unit_address(h, head) + index * size, size, word,
                         h->states + word_states(word) + index};
}

#endif
