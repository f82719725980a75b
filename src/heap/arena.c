/* Reserving and committing.  The tables are one reservation, the words first, then the
 * descriptors, then the state bytes; each is committed as far as the units are. */
#include "heap/arena.h"

#include <errno.h>

#include "base/os.h"
#include "heap/lookup.h"

enum {
    ARENA_LEAST = 16 << 20, /* bytes; with less there is no point in a heap */
    GROW_LEAST = MIB(1) >> UNIT_SHIFT,
    GROW_MOST = MIB(64) >> UNIT_SHIFT,
    STATES_PER_UNIT = 1 << STATE_SHIFT,
};

static size_t whole_pages(size_t bytes)
{
    return align_up(bytes, os_page_bytes());
}

static size_t words_bytes(size_t units)
{
    return whole_pages(units * sizeof(unit_word));
}

static size_t units_bytes(size_t units)
{
    return whole_pages(units * sizeof(struct unit));
}

static size_t states_bytes(size_t units)
{
    return whole_pages(units * STATES_PER_UNIT);
}

static bool reserve(struct heap *h, size_t units)
{
    size_t tables = words_bytes(units) + units_bytes(units) + states_bytes(units);
    void *memory = os_reserve(units * UNIT_BYTES, UNIT_BYTES);
    if (!memory)
        return false;
    char *table = os_reserve(tables, OS_PAGE);
    if (!table) {
        os_release(memory, units * UNIT_BYTES);
        return false;
    }
    h->base = (uintptr_t)memory;
    h->unit_limit = (uint32_t)units;
    h->tables_bytes = tables;
    h->words = (unit_word *)(void *)table;
    h->units = (struct unit *)(void *)(table + words_bytes(units));
    h->states = (uint8_t *)table + words_bytes(units) + units_bytes(units);
    return true;
}

/* Commits what a table of elements of this size needs to grow. */
static bool commit_table(void *table, size_t from, size_t to, size_t element_bytes)
{
    size_t low = whole_pages(from * element_bytes),
           high = whole_pages(to * element_bytes);
    return low == high || os_commit((char *)table + low, high - low);
}

static bool commit(struct heap *h, uint32_t from, uint32_t to)
{
    if (!commit_table(h->words, from, to, sizeof(unit_word)) ||
        !commit_table(h->units, from, to, sizeof(struct unit)) ||
        !commit_table(h->states, from, to, STATES_PER_UNIT) ||
        !os_commit((void *)unit_address(h, from), (size_t)(to - from) << UNIT_SHIFT))
        return false;
    h->bytes = (size_t)to << UNIT_SHIFT;
    return true;
}

bool arena_create(struct heap *h, size_t bytes)
{
    size_t half_of_limit = os_address_space_limit() / 2;
    bytes = min_size(bytes, align_down(half_of_limit, UNIT_BYTES));
    bytes = min_size(max_size(bytes, ARENA_LEAST), (size_t)UINT32_MAX << UNIT_SHIFT);
    while (!reserve(h, bytes >> UNIT_SHIFT)) {
        if (bytes == ARENA_LEAST)
            return false;
        bytes = max_size(bytes / 2, ARENA_LEAST);
    }
    if (!commit(h, 0, 1)) {
        arena_destroy(h);
        return errno = ENOMEM, false;
    }
    h->words[0] = UNIT_USED; /* of class none: nothing is found in it or merged with it */
    return true;
}

void arena_destroy(struct heap *h)
{
    os_release((void *)h->base, (size_t)h->unit_limit << UNIT_SHIFT);
    os_release(h->words, h->tables_bytes);
    h->base = 0;
    h->bytes = 0;
}

uint32_t arena_grow(struct heap *h, uint32_t units)
{
    uint32_t end = unit_end(h), room = h->unit_limit - end;
    if (units > room)
        return errno = ENOMEM, 0;
    size_t step = min_size(max_size(end / 8, GROW_LEAST), GROW_MOST);
    uint32_t generous = (uint32_t)min_size(max_size(units, step), room);
    if (commit(h, end, end + generous))
        return generous;
    if (generous > units && commit(h, end, end + units))
        return units;
    return errno = ENOMEM, 0;
}
