/* Entries and their chains.  There are as many chains as there is room for entries, or
 * half as many: a chain has one entry or two. */
#include "base/table.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/meta.h"

enum {
    ENTRIES_FIRST = 64,
    FEW = 4,   /* while one in so many is struck out, they stay */
    AHEAD = 8, /* entries whose chains are on their way to the cache */
};

static uintptr_t *key_of(const struct table *t, unsigned key, uint32_t number)
{
    return (void *)((char *)table_at(t, number) + t->keys[key].key_at);
}

static uint32_t *next_of(const struct table *t, unsigned key, uint32_t number)
{
    return (void *)((char *)table_at(t, number) + t->keys[key].next_at);
}

/* By the word without its lowest bits. */
static uint32_t *chain_of(const struct table *t, unsigned key, uintptr_t word)
{
    return &t->chains[key][hash_place(word >> 3, t->chain_count)];
}

static bool same(uintptr_t a, uintptr_t b)
{
    return (a ^ b) < 8;
}

static void link(struct table *t, unsigned key, uint32_t number)
{
    uint32_t *chain = chain_of(t, key, *key_of(t, key, number));
    *next_of(t, key, number) = *chain;
    *chain = number;
}

/* The place on its chain where the entry's number stands. */
static uint32_t *link_to(const struct table *t, unsigned key, uint32_t number)
{
    uint32_t *place = chain_of(t, key, *key_of(t, key, number));
    while (*place != number)
        place = next_of(t, key, *place);
    return place;
}

static size_t chain_bytes(const struct table *t, uint32_t chains)
{
    return (size_t)t->key_count * chains * sizeof(uint32_t);
}

/* Adds all entries to chains that have none. */
static void link_all(struct table *t)
{
    for (unsigned key = 0; key < t->key_count; key++)
        for (uint32_t number = 1; number <= t->count; number++) {
            if (number + AHEAD <= t->count)
                __builtin_prefetch(chain_of(t, key, *key_of(t, key, number + AHEAD)), 1);
            link(t, key, number);
        }
}

/* Doubles the chains of all keys, which lie in one piece.  Returns false if there is no
 * memory. */
static bool grow_chains(struct table *t)
{
    uint32_t chains = t->chain_count ? 2 * t->chain_count : ENTRIES_FIRST;
    uint32_t *larger = meta_alloc(t->account, chain_bytes(t, chains));
    if (!larger)
        return false;
    meta_free(t->chains[0], chain_bytes(t, t->chain_count));
    t->chain_count = chains;
    for (unsigned key = 0; key < t->key_count; key++)
        t->chains[key] = larger + (size_t)key * chains;
    link_all(t);
    return true;
}

/* Word by word: in vector registers the words would stay, and a thread that goes to sleep then
 * would keep the objects that they point to. */
static void copy_entry(const struct table *t, uint32_t to, uint32_t from)
{
    uint64_t *target = table_at(t, to);
    const uint64_t *source = table_at(t, from);
    for (size_t i = 0; i < t->entry_bytes / sizeof *source; i++)
        target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

/* Drops the entries that are struck out; the others move together, in their order. */
static void drop_struck_out(struct table *t)
{
    uint32_t left = 0;
    for (uint32_t number = 1; number <= t->count; number++)
        if (table_has(t, number) && ++left != number)
            copy_entry(t, left, number);
    t->count = left;
    t->struck_out = 0;
    memset(t->chains[0], 0, chain_bytes(t, t->chain_count));
    link_all(t);
}

bool table_reserve(struct table *t, size_t entries)
{
    size_t numbers = entries + 1;
    if (numbers >= UINT32_MAX)
        return errno = ENOMEM, false;
    while (numbers > t->capacity) {
        size_t used = t->entries ? t->capacity : 0;
        void *larger =
            meta_grow(t->account, t->entries, used, &t->capacity, t->entry_bytes);
        if (!larger)
            return false;
        t->entries = larger;
    }
    while (entries > t->chain_count)
        if (!grow_chains(t))
            return false;
    return true;
}

void table_tidy(struct table *t)
{
    if (t->struck_out > t->count / FEW)
        drop_struck_out(t);
}

uint32_t table_add(struct table *t, const void *entry)
{
    table_tidy(t);
    if (!table_reserve(t, (size_t)t->count + 1))
        return 0;
    uint32_t number = ++t->count;
    memcpy(table_at(t, number), entry, t->entry_bytes);
    for (unsigned key = 0; key < t->key_count; key++)
        link(t, key, number);
    return number;
}

void table_remove(struct table *t, uint32_t number)
{
    uint32_t last = t->count--;
    t->struck_out -= !table_has(t, number);
    for (unsigned key = 0; key < t->key_count; key++) {
        *link_to(t, key, number) = *next_of(t, key, number);
        if (number != last)
            *link_to(t, key, last) = number;
    }
    if (number != last)
        copy_entry(t, number, last);
}

void table_set_key(struct table *t, uint32_t number, unsigned key, uintptr_t word)
{
    *link_to(t, key, number) = *next_of(t, key, number);
    *key_of(t, key, number) = word;
    link(t, key, number);
}

/* Looks for the word from this number on, along the chain. */
static uint32_t search(const struct table *t, unsigned key, uint32_t number,
                       uintptr_t word)
{
    while (number && !(same(*key_of(t, key, number), word) && table_has(t, number)))
        number = *next_of(t, key, number);
    return number;
}

uint32_t table_find(const struct table *t, unsigned key, uintptr_t word)
{
    return t->count ? search(t, key, *chain_of(t, key, word), word) : 0;
}

uint32_t table_find_next(const struct table *t, unsigned key, uint32_t number)
{
    return search(t, key, *next_of(t, key, number), *key_of(t, key, number));
}

void table_check(const struct table *t)
{
    uint32_t struck_out = 0;
    CHECK(t->entry_bytes % 8 == 0);
    CHECK(t->count == 0 || (t->count < t->capacity && t->count <= t->chain_count));
    for (uint32_t number = 1; number <= t->count; number++)
        struck_out += !table_has(t, number);
    CHECK(struck_out == t->struck_out);
    for (unsigned key = 0; key < t->key_count; key++) {
        uint32_t found = 0;
        for (uint32_t chain = 0; chain < t->chain_count; chain++)
            for (uint32_t n = t->chains[key][chain]; n;
                 n = *next_of(t, key, n), found++) {
                CHECK(n <= t->count && found <= t->count);
                CHECK(chain_of(t, key, *key_of(t, key, n)) == &t->chains[key][chain]);
            }
        CHECK(found == t->count);
    }
}
