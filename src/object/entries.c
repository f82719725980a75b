#include "object/entries.h"

#include <string.h>

#include "base/check.h"

enum {
    CAPACITY_MOST = 1 << 30,
    SPARSE = 8, /* with less than one of so many places in use they move to fewer */
    AHEAD = 8,  /* entries whose places in an index are on their way to the cache */
};

static size_t places(const struct entries *e)
{
    return 2 * (size_t)e->capacity;
}

static bool has_index(const struct entries *e, unsigned index)
{
    return e->indexes >> index & 1;
}

/* ---- Layout --------------------------------------------------------------------------------- */

size_t entries_bytes(size_t capacity, unsigned indexes)
{
    size_t per_entry =
        sizeof(struct entry) + 2 * sizeof(uint32_t) * (size_t)__builtin_popcount(indexes);
    if (capacity > CAPACITY_MOST)
        return SIZE_MAX;
    return sizeof(struct entries) + capacity * per_entry;
}

static void clear_indexes(struct entries *e)
{
    for (unsigned index = 0; index < INDEXES; index++)
        if (has_index(e, index))
            memset(e->index[index], 0, places(e) * sizeof(uint32_t));
    e->taken = 0;
}

void entries_begin(struct entries *e, size_t capacity, unsigned indexes)
{
    *e = (struct entries){.capacity = (uint32_t)capacity,
                          .indexes = (uint16_t)indexes,
                          .bits = (uint16_t)(log2_floor(capacity) + 1)};
    uint32_t *words = (uint32_t *)(void *)(e->entries + capacity);
    for (unsigned index = 0; index < INDEXES; index++)
        if (has_index(e, index)) {
            e->index[index] = words;
            words += places(e);
        }
    clear_indexes(e);
}

/* ---- Indexes -------------------------------------------------------------------------------- */

static uint64_t word_of(const struct entry *entry, unsigned index)
{
    if (index == BY_HASH)
        return entry->hash;
    return index == BY_KEY ? entry->key : entry->value;
}

/* Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4), as hashes of programs may be
 * poor.  The upper bits choose the place, the others stand in it. */
static uint32_t mix(uint64_t word)
{
    return (uint32_t)((word ^ word >> 32) * 0x9e3779b97f4a7c15u >> 32);
}

uint32_t entries_place(const struct entries *e, uint64_t word)
{
    return mix(word) >> (32 - e->bits);
}

static uint32_t tag(const struct entries *e, uint64_t word)
{
    return mix(word) << e->bits;
}

static void enter(struct entries *e, unsigned index, uint32_t number)
{
    uint64_t word = word_of(&e->entries[number], index);
    uint32_t place = entries_place(e, word);
    while (e->index[index][place])
        place = (place + 1) & (uint32_t)(places(e) - 1);
    e->index[index][place] = tag(e, word) | (number + 1);
}

static void enter_all(struct entries *e)
{
    for (unsigned index = 0; index < INDEXES; index++) {
        if (!has_index(e, index))
            continue;
        for (uint32_t number = 0; number < e->used; number++) {
            const struct entry *ahead = &e->entries[number + AHEAD];
            if (number + AHEAD < e->used)
                __builtin_prefetch(
                    &e->index[index][entries_place(e, word_of(ahead, index))], 1);
            if (e->entries[number].key)
                enter(e, index, number);
        }
    }
    e->taken = e->used;
}

/* A word of the entry has changed.  There always is room for the entries to come: or all are
 * entered anew, without the places of what was there before. */
static bool enter_again(struct entries *e, unsigned index, const struct entry *entry)
{
    if (e->taken + (e->capacity - e->used) >= places(e) - 1) {
        clear_indexes(e);
        enter_all(e);
        return true;
    }
    enter(e, index, (uint32_t)(entry - e->entries));
    e->taken++;
    return false;
}

struct entry *entries_find(struct entries *e, unsigned index, uint64_t word,
                           uint32_t *place)
{
    uint32_t there, wanted = tag(e, word);
    while ((there = e->index[index][*place]) != 0) {
        *place = (*place + 1) & (uint32_t)(places(e) - 1);
        if ((there ^ wanted) >> e->bits)
            continue;
        struct entry *entry = &e->entries[there - (wanted + 1)];
        if (entry->key && word_of(entry, index) == word)
            return entry;
    }
    return NULL;
}

/* ---- Entries -------------------------------------------------------------------------------- */

void entries_move(struct entries *to, const struct entries *from)
{
    to->next_number = from->next_number;
    for (uint32_t number = 0; number < from->used; number++)
        if (from->entries[number].key)
            to->entries[to->used++] = from->entries[number];
    to->count = to->used;
    enter_all(to);
}

/* A full one with many removed entries moves to one of the same size. */
size_t entries_wanted(const struct entries *e, bool grows)
{
    size_t capacity = e->capacity;
    if (capacity > ENTRIES_LEAST && e->count < capacity / SPARSE)
        while (capacity > ENTRIES_LEAST && e->count < capacity / 4)
            capacity /= 2;
    else if (grows && entries_full(e) && e->count > capacity / 2)
        capacity *= 2;
    return capacity;
}

struct entry *entries_add(struct entries *e, uintptr_t key, uintptr_t value,
                          uint64_t hash)
{
    uint32_t number = e->used++;
    e->entries[number] = (struct entry){key, value, hash, e->next_number++};
    for (unsigned index = 0; index < INDEXES; index++)
        if (has_index(e, index))
            enter(e, index, number);
    e->taken++;
    e->count++;
    return &e->entries[number];
}

void entries_remove(struct entries *e, struct entry *entry)
{
    entry_strike(entry);
    e->count--;
}

bool entries_set_value(struct entries *e, struct entry *entry, uintptr_t value)
{
    bool changes = entry->value != value;
    entry->value = value;
    return changes && has_index(e, BY_VALUE) && enter_again(e, BY_VALUE, entry);
}

bool entries_set_key(struct entries *e, struct entry *entry, uintptr_t key, uint64_t hash)
{
    bool rehashed = entry->hash != hash, anew = false;
    entry->key = key;
    entry->hash = hash;
    if (rehashed)
        anew = enter_again(e, BY_HASH, entry);
    if (has_index(e, BY_KEY) && !anew)
        anew = enter_again(e, BY_KEY, entry);
    return anew;
}

struct entry *entries_from(struct entries *e, uint64_t number)
{
    uint32_t low = 0, high = e->used;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (e->entries[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < e->used && !e->entries[low].key)
        low++;
    return low < e->used ? &e->entries[low] : NULL;
}

/* ---- Checking ------------------------------------------------------------------------------- */

static bool is_found(struct entries *e, unsigned index, const struct entry *entry)
{
    uint64_t word = word_of(entry, index);
    uint32_t place = entries_place(e, word);
    const struct entry *found;
    do
        found = entries_find(e, index, word, &place);
    while (found && found != entry);
    return found;
}

void entries_check(struct entries *e)
{
    uint32_t count = 0;
    CHECK(is_power_of_two(e->capacity) && e->used <= e->capacity);
    CHECK(e->taken + (e->capacity - e->used) < places(e) && has_index(e, BY_HASH));
    for (uint32_t number = 0; number < e->used; number++) {
        const struct entry *entry = &e->entries[number];
        CHECK(entry->number < e->next_number);
        CHECK(number == 0 || entry[-1].number < entry->number);
        count += entry->key != 0;
        for (unsigned index = 0; index < INDEXES && entry->key; index++)
            CHECK(!has_index(e, index) || is_found(e, index, entry));
    }
    CHECK(count == e->count);
}
