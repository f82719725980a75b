/* A table of entries of one size, found by one or two of their words: hash tables by chaining, in
 * the library's own memory.
 *
 * Entries lie side by side, so that going through all of them costs little more than reading
 * them, and move: a number stands for an entry only until another is removed, or added if some
 * were struck out, an address until one is added.  It takes no lock, and knows nothing of what an
 * entry holds but its keys and the links of its chains. */
#ifndef GCALLOC_BASE_TABLE_H
#define GCALLOC_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/account.h"
#include "base/bits.h"

enum { TABLE_KEYS_MOST = 2 };

/* The bit of the first key of an entry that says that the entry is struck out.  An entry
 * has the other two of the lowest three bits for itself. */
#define TABLE_STRUCK_OUT ((uintptr_t)4)

/* Where an entry has a key, a word whose lowest three bits do not count, and the number of the
 * next entry of its chain, a uint32_t. */
struct table_key {
    size_t key_at, next_at;
};

struct table {
    enum account account;
    size_t entry_bytes; /* a multiple of 8 */
    struct table_key keys[TABLE_KEYS_MOST];
    unsigned key_count;
    char *entries;                     /* by number; number 0 is no entry */
    uint32_t count;                    /* entries: they have numbers 1 to count */
    uint32_t struck_out;               /* how many of those are struck out */
    size_t capacity;                   /* numbers there is room for, 0 among them */
    uint32_t *chains[TABLE_KEYS_MOST]; /* the first entry of each, by hash; 0: none */
    uint32_t chain_count;              /* of each key: a power of two, or 0 */
};

/* The initial value of a table whose entries have one key; TABLE_OF_TWO is that of one
 * whose entries have two. */
#define TABLE(type, key, next)                                                \
    {                                                                         \
        .account = ACCOUNT_ENDS, .entry_bytes = sizeof(type), .key_count = 1, \
        .keys = {{offsetof(type, key), offsetof(type, next)}},                \
    }
#define TABLE_OF_TWO(type, key, next, key2, next2)                            \
    {                                                                         \
        .account = ACCOUNT_ENDS, .entry_bytes = sizeof(type), .key_count = 2, \
        .keys = {{offsetof(type, key), offsetof(type, next)},                 \
                 {offsetof(type, key2), offsetof(type, next2)}},              \
    }

INLINE void *table_at(const struct table *t, uint32_t number)
{
    return t->entries + number * t->entry_bytes;
}

/* Adds a copy of the entry, whose links need not be set; several may have the same key.
 * Returns its number, or 0 with errno ENOMEM, and then the table is as it was. */
uint32_t table_add(struct table *t, const void *entry);

/* Makes room for so many entries in all, so that table_add does not fail before there are
 * more.  Returns false with errno ENOMEM if there is no memory. */
bool table_reserve(struct table *t, size_t entries);

/* Removes an entry.  The last entry gets its number: so whoever goes through all of them
 * from the last one down may remove the one at hand. */
void table_remove(struct table *t, uint32_t number);

/* The part of table_strike_out that changes the entry. */
INLINE void table_strike(const struct table *t, uint32_t number)
{
    *(uintptr_t *)(void *)((char *)table_at(t, number) + t->keys[0].key_at) |=
        TABLE_STRUCK_OUT;
}

/* Removes an entry as far as anybody finds it; it stays where it is until an entry is
 * added, and whoever goes through all of them asks table_has.  It takes no longer than
 * writing to the entry: many may go at a time, in a pause. */
INLINE void table_strike_out(struct table *t, uint32_t number)
{
    table_strike(t, number);
    t->struck_out++;
}

/* Threads that see to parts of a table at the same time strike entries out by table_strike, and each
 * tells at last how many there were. */
INLINE void table_were_struck(struct table *t, uint32_t count)
{
    __atomic_fetch_add(&t->struck_out, count, __ATOMIC_RELAXED);
}

/* Drops what was struck out, if that is much of the table.  table_add does that, too. */
void table_tidy(struct table *t);

/* Whether the entry was not struck out. */
INLINE bool table_has(const struct table *t, uint32_t number)
{
    return !(*(const uintptr_t *)(const void *)((const char *)table_at(t, number) +
                                                t->keys[0].key_at) &
             TABLE_STRUCK_OUT);
}

/* Makes this word an entry's key of that number (0 or 1) from now on. */
void table_set_key(struct table *t, uint32_t number, unsigned key, uintptr_t word);

/* table_find returns the first entry with this word as its key of that number (0 or 1),
 * and table_find_next the next one after an entry.  They return 0 if there is none. */
uint32_t table_find(const struct table *t, unsigned key, uintptr_t word);
uint32_t table_find_next(const struct table *t, unsigned key, uint32_t number);

/* Checks that every entry is on the chains of its keys, and that nothing else is there. */
void table_check(const struct table *t);

#endif
