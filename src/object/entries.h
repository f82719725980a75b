/* The entries of a weak map, in one atomic object of the heap: side by side in the order in which
 * they came, and found by words of theirs, by indexes with open addressing.
 *
 * An entry that is removed leaves its place, and what indexes have of it, as they are until all
 * move to another object: so in a pause nothing needs to be done but to strike it out.  It takes
 * no lock, and knows nothing of what is alive. */
#ifndef GCALLOC_OBJECT_ENTRIES_H
#define GCALLOC_OBJECT_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

struct entry {
    uintptr_t key, value; /* key 0: it was removed */
    uint64_t hash;        /* the caller's; of maps by address the key */
    uint64_t number;      /* rising, never used twice in a map */
};

/* What entries are found by. */
enum {
    BY_HASH,
    BY_KEY,   /* the address of the key, and */
    BY_VALUE, /* of the value: for those that are freed or moved by hand */
    INDEXES,
};

struct entries {
    uint64_t next_number;
    uint32_t capacity; /* of entries: a power of two */
    uint32_t used;     /* entries [0, used) have been added */
    uint32_t count;    /* of those that were not removed */
    uint32_t taken;    /* places of each index, at most */
    uint16_t indexes;  /* bit k: there is index k */
    uint16_t bits;     /* of a place's number */
    /* Twice as many places as entries.  0: none; else, in so many low bits, 1 + the entry's
     * number, and above the part of its hash that did not choose the place, so that few others
     * are looked at. */
    uint32_t *index[INDEXES];
    struct entry entries[];
};

enum { ENTRIES_LEAST = 8 };

/* The bytes of an object for so many; SIZE_MAX: that is too many. */
size_t entries_bytes(size_t capacity, unsigned indexes);

/* Makes a map without entries of such an object, whose contents may be anything. */
void entries_begin(struct entries *e, size_t capacity, unsigned indexes);

/* Those of `from`, without the removed ones, come to another object, that has none and has room. */
void entries_move(struct entries *to, const struct entries *from);

/* How many there should be room for: another number than e->capacity if a new object is due.  One
 * more is to be added, if `grows`. */
size_t entries_wanted(const struct entries *e, bool grows);

INLINE bool entries_full(const struct entries *e)
{
    return e->used == e->capacity;
}

/* Adds one; it is not full. */
struct entry *entries_add(struct entries *e, uintptr_t key, uintptr_t value,
                          uint64_t hash);

void entries_remove(struct entries *e, struct entry *entry);

/* Threads that see to parts of the entries at the same time remove them by entry_strike, and each tells
 * at last how many there were. */
INLINE void entry_strike(struct entry *entry)
{
    entry->key = entry->value = 0;
}

INLINE void entries_were_struck(struct entries *e, uint32_t count)
{
    __atomic_fetch_sub(&e->count, count, __ATOMIC_RELAXED);
}

/* The entry has another value, or its key another address.  true: indexes were made anew, so that
 * places in them mean nothing any more. */
bool entries_set_value(struct entries *e, struct entry *entry, uintptr_t value);
bool entries_set_key(struct entries *e, struct entry *entry, uintptr_t key,
                     uint64_t hash);

/* Where an index is to be searched for a word from. */
uint32_t entries_place(const struct entries *e, uint64_t word);

/* The next entry with this word, from that place on, which comes to lie behind it; NULL: there is
 * none. */
struct entry *entries_find(struct entries *e, unsigned index, uint64_t word,
                           uint32_t *place);

/* The first entry with this number, or a larger one; NULL: there is none. */
struct entry *entries_from(struct entries *e, uint64_t number);

/* Each entry is found by all indexes. */
void entries_check(struct entries *e);

#endif
