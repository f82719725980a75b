/* Reserving and committing.  The tables are one reservation: the heap's numbers, the
 * typed bins, the maps of state bytes, the words, the descriptors, the types of units.
 * Each is committed some way ahead of the units: committing and advice wait until no page
 * fault of any thread is going on, for up to the clearing of a huge page, and so they are
 * to be rare. */
#include "heap/arena.h"

#include <errno.h>
#include <string.h>

#include "base/crash.h"
#include "base/os.h"
#include "heap/lookup.h"

enum {
    ARENA_LEAST = 16 << 20,   /* least bytes that are asked for at first */
    ARENA_SMALLEST = 4 << 16, /* bytes with less of which there is no point in a heap */
    /* Bytes up to which no table is so large that huge pages help. */
    ARENA_PACKED = 64 << 20,
    GROW_LEAST = MIB(1) >> UNIT_SHIFT,
    GROW_MOST = MIB(64) >> UNIT_SHIFT,
    TABLE_STEP = OS_HUGE_PAGE,
    SHARED_STEP = UNIT_BYTES,
    TYPED_STEP = 4 << 10, /* bytes of typed bins that are committed together */
    TYPED_LEAST = TYPED_STEP / sizeof(struct typed_bin), /* bins, in the smallest heap */
};

const struct heap_numbers heap_numbers_none READS_AS_ZERO;

/* A unit's word has room for the place of the states of so many bytes of heap. */
#define RESERVE_MOST GIB(2048)

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

static size_t types_bytes(size_t units)
{
    return whole_pages(units * sizeof(uint16_t));
}

static size_t map_bytes(unsigned map, size_t units)
{
    return units << (STATE_SHIFT_MOST - map);
}

/* Whether the states of so many units may be on huge pages: they are when they can fill one. */
static bool may_be_huge(const struct heap *h, unsigned map, size_t units)
{
    return map_bytes(map, units) > OS_HUGE_PAGE && units << UNIT_SHIFT > h->huge_from;
}

/* Each map begins at a huge page, or at a page where a small reservation is all that the
 * system grants: where all memory is locked (mlockall), address space counts like memory. */
static size_t table_alignment(size_t units)
{
    return units << UNIT_SHIFT > ARENA_PACKED ? OS_HUGE_PAGE : os_page_bytes();
}

/* Where the tables of a heap lie, in bytes from where the first begins. */
struct plan {
    size_t units;
    size_t alignment;
    size_t typed, typed_count; /* behind the numbers, in steps of TYPED_STEP */
    size_t states;
    size_t maps[STATE_MAPS + 1];
    size_t words, descriptors, types, sites, end; /* the sites end at `end` */
};

static struct plan plan_tables(size_t units, bool sites)
{
    struct plan p = {.units = units, .alignment = table_alignment(units)};
    for (unsigned map = 0; map < STATE_MAPS; map++)
        p.maps[map + 1] = p.maps[map] + align_up(map_bytes(map, units), p.alignment);
    p.typed = whole_pages(sizeof(struct heap_numbers));
    p.typed_count =
        min_size(max_size(align_down(units, TYPED_LEAST), TYPED_LEAST), TYPED_MOST);
    p.states = align_up(p.typed + p.typed_count * sizeof(struct typed_bin), p.alignment);
    p.words = p.states + p.maps[STATE_MAPS];
    p.descriptors = p.words + words_bytes(units);
    p.types = p.descriptors + units_bytes(units);
    p.sites = p.types + types_bytes(units);
    p.end = p.sites + (sites ? p.maps[STATE_MAPS] * sizeof(struct site) : 0);
    return p;
}

/* Sets the process's view of tables that lie at `start`. */
static void view_tables(struct heap *h, const struct plan *p, char *start)
{
    h->numbers = (struct heap_numbers *)(void *)start;
    h->typed = (struct typed_bin *)(void *)(start + p->typed);
    h->states = (uint8_t *)start + p->states;
    h->words = (unit_word *)(void *)(start + p->words);
    h->units = (struct unit *)(void *)(start + p->descriptors);
    h->types = (uint16_t *)(void *)(start + p->types);
    h->sites = p->sites < p->end ? (struct site *)(void *)(start + p->sites) : NULL;
}

/* Reserves the tables, and commits the heap's numbers. */
static bool reserve_tables(struct heap *h, size_t units)
{
    struct plan p = plan_tables(units, h->records_sites);
    char *start = h->space->reserve_tables(h->space, p.end, p.alignment);
    if (!start)
        return false;
    if (!h->space->commit_tables(h->space, start,
                                 whole_pages(sizeof(struct heap_numbers)))) {
        h->space->release_tables(h->space, start, p.end);
        return false;
    }
    view_tables(h, &p, start);
    h->numbers->tables_bytes = p.end;
    h->numbers->unit_limit = (uint32_t)units;
    h->numbers->typed_limit = (uint32_t)p.typed_count;
    memcpy(h->numbers->maps, p.maps, sizeof p.maps);
    return true;
}

/* Reserves address space for this many units, of which the first is never used and so may
 * lie in front of what is reserved.  The heap begins at a huge page, unless it is
 * `packed` and small. */
static bool reserve(struct heap *h, size_t units, bool packed)
{
    size_t bytes = (units - 1) * UNIT_BYTES;
    size_t alignment = packed && bytes < ARENA_PACKED ? UNIT_BYTES : OS_HUGE_PAGE;
    void *memory = h->space->reserve(h->space, bytes, alignment);
    if (!memory)
        return false;
    if (!reserve_tables(h, units)) {
        h->space->release(h->space, memory, 0, bytes);
        return false;
    }
    h->base = (uintptr_t)memory - UNIT_BYTES;
    return true;
}

/* How far a table must be committed that needs so many bytes, and has room for `all`.  What is shared
 * takes memory as soon as it is committed. */
static size_t ahead(const struct heap *h, size_t bytes, size_t all)
{
    size_t step = h->space->shared ? SHARED_STEP : TABLE_STEP;
    return min_size(align_up(bytes, step), all);
}

/* Commits what a table lacks when it grows from `from_bytes` to `to_bytes` in use, of `all`. */
static bool commit_table(const struct heap *h, void *table, size_t from_bytes,
                         size_t to_bytes, size_t all)
{
    size_t low = ahead(h, from_bytes, all), high = ahead(h, to_bytes, all);
    return low == high ||
           h->space->commit_tables(h->space, (char *)table + low, high - low);
}

/* Has a map on huge pages that is about to grow from `low` to `high` bytes, if most of the states before are in
 * use: of a map that few blocks have their states in, each would take two megabytes. */
static void make_huge(struct heap *h, unsigned map, size_t low, size_t high)
{
    uint8_t *states = h->states + h->numbers->maps[map];
    size_t all = h->numbers->maps[map + 1] - h->numbers->maps[map];
    size_t full = max_size(align_down(low, OS_HUGE_PAGE), OS_HUGE_PAGE);
    bool enters_another = align_up(low, OS_HUGE_PAGE) < align_up(high, OS_HUGE_PAGE);
    if (h->huge_maps & 1u << map || !enters_another ||
        os_resident(states + full - OS_HUGE_PAGE, OS_HUGE_PAGE) < OS_HUGE_PAGE / 2)
        return;
    os_huge_pages(states, all);
    os_collapse(states, full);
    h->huge_maps |= 1u << map;
}

static bool commit_map(struct heap *h, unsigned map, size_t from, size_t to)
{
    size_t low = map_bytes(map, from), high = map_bytes(map, to);
    size_t start = h->numbers->maps[map], all = h->numbers->maps[map + 1] - start;
    if (!commit_table(h, h->states + start, low, high, all))
        return false;
    if (may_be_huge(h, map, to))
        make_huge(h, map, low, high);
    enum { SITE = sizeof(struct site) };
    return !h->sites ||
           commit_table(h, h->sites + start, low * SITE, high * SITE, all * SITE);
}

static bool commit_tables(struct heap *h, size_t from, size_t to)
{
    size_t all = h->numbers->unit_limit;
    bool committed =
        commit_table(h, h->words, words_bytes(from), words_bytes(to), words_bytes(all)) &&
        commit_table(h, h->units, units_bytes(from), units_bytes(to), units_bytes(all)) &&
        commit_table(h, h->types, types_bytes(from), types_bytes(to), types_bytes(all));
    for (unsigned map = 0; map < STATE_MAPS && committed; map++)
        committed = commit_map(h, map, from, to);
    return committed;
}

bool arena_commit_typed(struct heap *h, uint32_t t)
{
    char *place = (char *)&h->typed[t];
    return t % TYPED_LEAST != 0 || h->space->commit_tables(h->space, place, TYPED_STEP);
}

bool arena_back_tables(struct heap *h)
{
    size_t typed = h->numbers->typed_count * sizeof(struct typed_bin);
    return h->space->commit_tables(h->space, h->numbers,
                                   whole_pages(sizeof(struct heap_numbers))) &&
           (typed == 0 || h->space->commit_tables(h->space, h->typed, typed)) &&
           commit_tables(h, 0, unit_end(h));
}

/* The system would make huge pages whole again, some time later or when the next state is written. */
static void keep_states_small(struct heap *h)
{
    if (h->huge_maps)
        os_small_pages(h->states, h->numbers->maps[STATE_MAPS]);
    h->huge_maps = 0;
}

void arena_return_states(struct heap *h, uint32_t first, uint32_t end)
{
    keep_states_small(h);
    for (unsigned map = 0; map < STATE_MAPS && !h->space->shared; map++) {
        size_t low = map_bytes(map, first), high = map_bytes(map, end);
        if (end == unit_end(h))
            high = ahead(h, high, h->numbers->maps[map + 1] - h->numbers->maps[map]);
        if (align_up(low, os_page_bytes()) < align_down(high, os_page_bytes()))
            h->space->decommit(h->space, h->states + h->numbers->maps[map] + low,
                               high - low);
    }
}

/* Other threads look up addresses meanwhile, to whom what is new reads as free. */
static void set_bytes(struct heap *h, size_t bytes)
{
    __atomic_store_n(&h->numbers->bytes, bytes, __ATOMIC_RELEASE);
    __atomic_store_n(&h->bytes, bytes, __ATOMIC_RELAXED);
}

/* Units [end, to) become used units of class none: nothing is found in them, and no
 * extent coalesces with them. */
static void close_gap(struct heap *h, uint32_t to)
{
    for (uint32_t u = unit_end(h); u < to; u++)
        h->words[u] = UNIT_USED;
    set_bytes(h, (size_t)to << UNIT_SHIFT);
}

/* Reserves as much as the system grants, halving the request.  Where that is little, half
 * of it is left for the program, for stacks and for the library's own memory. */
static bool reserve_most(struct heap *h, size_t bytes)
{
    size_t wanted = bytes;
    while (!reserve(h, (bytes >> UNIT_SHIFT) + 1, bytes < wanted)) {
        if (bytes == ARENA_SMALLEST)
            return false;
        bytes = max_size(bytes / 2, ARENA_SMALLEST);
    }
    if (bytes == wanted || bytes > ARENA_PACKED || bytes == ARENA_SMALLEST)
        return true;
    arena_destroy(h); /* nothing of the reservation is used yet */
    return reserve(h, (bytes / 2 >> UNIT_SHIFT) + 1, true);
}

bool arena_attach(struct heap *h, void *tables, uintptr_t base)
{
    const struct heap_numbers *n = tables;
    struct plan p = plan_tables(n->unit_limit, false);
    if (n->tables_bytes != p.end || n->typed_limit != p.typed_count ||
        memcmp(n->maps, p.maps, sizeof p.maps) != 0 || n->bytes % UNIT_BYTES != 0 ||
        n->bytes >> UNIT_SHIFT > n->unit_limit || n->bytes == 0)
        return errno = EINVAL, false;
    view_tables(h, &p, tables);
    h->base = base;
    h->bytes = n->bytes;
    return true;
}

size_t arena_tables_bytes(size_t units)
{
    return plan_tables(units, false).end;
}

bool arena_create(struct heap *h, size_t bytes)
{
    size_t half_of_limit = os_address_space_limit() / 2;
    size_t shared_units = (align_up(bytes, UNIT_BYTES) >> UNIT_SHIFT) + 1;
    bytes = min_size(bytes, align_down(half_of_limit, UNIT_BYTES));
    bytes = min_size(max_size(bytes, ARENA_LEAST), RESERVE_MOST);
    h->bytes = 0;
    if (h->space->shared ? !reserve(h, shared_units, false) : !reserve_most(h, bytes))
        return false;
    if (!commit_tables(h, 0, 1)) {
        arena_destroy(h);
        return errno = ENOMEM, false;
    }
    close_gap(h, 1);
    return true;
}

/* Releases the heap from the highest address down, so that the program break can follow.
 * Units of class none are others', or nobody's, and stay. */
static void release_stretches(const struct heap *h)
{
    for (uint32_t end = unit_end(h), first; end > 1; end = first) {
        for (first = end; first > 1 && h->words[first - 1] != UNIT_USED;)
            first--;
        size_t bytes = (size_t)(end - first) << UNIT_SHIFT;
        if (bytes)
            h->space->release(h->space, (void *)unit_address(h, first), bytes, bytes);
        else
            first--;
    }
}

void arena_destroy(struct heap *h)
{
    size_t used = h->bytes && !h->space->gaps ? h->bytes - UNIT_BYTES : 0;
    size_t reserved = ((size_t)h->numbers->unit_limit - 1) << UNIT_SHIFT;
    if (h->space->gaps)
        release_stretches(h);
    h->space->release(h->space, (void *)(h->base + UNIT_BYTES), used, reserved);
    h->space->release_tables(h->space, h->numbers, h->numbers->tables_bytes);
    h->numbers = NO_NUMBERS;
    h->base = 0;
    h->bytes = 0;
}

/* The heap has grown from `old_end` on.  When it passes huge_from, what it had before
 * changes to huge pages, too: the lowest units are the busiest. */
static void ask_for_huge_pages(const struct heap *h, uintptr_t old_end)
{
    uintptr_t start = h->base + UNIT_BYTES, end = h->base + RACING(h->bytes);
    bool had_them = old_end - h->base > h->huge_from;
    bool keeps_small = __atomic_load_n(&h->numbers->keeps_small, __ATOMIC_RELAXED);
    bool asked = had_them && h->space->ahead && !keeps_small;
    if (RACING(h->bytes) <= h->huge_from || asked)
        return;
    if (had_them)
        start = old_end;
    else if (h->space->ahead)
        end = h->base + ((uintptr_t)h->numbers->unit_limit << UNIT_SHIFT);
    os_huge_pages((void *)start, end - start);
    if (start < old_end)
        os_collapse((void *)start, align_up(old_end, OS_HUGE_PAGE) - start);
}

/* Adds exactly so many units.  Returns the first, or 0 with errno ENOMEM. */
static uint32_t grow(struct heap *h, uint32_t units)
{
    uint32_t end = unit_end(h);
    if (units > h->numbers->unit_limit - end || !commit_tables(h, end, end + units))
        return errno = ENOMEM, 0;
    size_t bytes = (size_t)units << UNIT_SHIFT;
    void *memory = h->space->extend(h->space, (void *)(h->base + RACING(h->bytes)), bytes,
                                    UNIT_BYTES);
    if (!memory)
        return errno = ENOMEM, 0;
    size_t first = ((uintptr_t)memory - h->base) >> UNIT_SHIFT;
    if (first + units > h->numbers->unit_limit ||
        !commit_tables(h, end, (uint32_t)first + units)) {
        if (first > end) /* behind a gap: the next attempt may not come to it */
            h->space->release(h->space, memory, bytes, bytes);
        return errno = ENOMEM, 0;
    }
    CRASH_POINT("arena grow: committed");
    close_gap(h, (uint32_t)first);
    set_bytes(h, RACING(h->bytes) + bytes);
    ask_for_huge_pages(h, (uintptr_t)memory);
    return (uint32_t)first;
}

/* How many units to add if `least` are needed: the heap grows in steps that grow with it,
 * and up to the end of a huge page if it is to have them. */
static uint32_t growth(const struct heap *h, uint32_t least)
{
    uint32_t end = unit_end(h), room = h->numbers->unit_limit - end;
    size_t step = min_size(max_size(end / 8, GROW_LEAST), GROW_MOST);
    size_t units = max_size(least, step);
    if (RACING(h->bytes) + (units << UNIT_SHIFT) > h->huge_from)
        units += unit_skip(h, end + (uint32_t)units, OS_HUGE_PAGE >> UNIT_SHIFT);
    return (uint32_t)min_size(units, room);
}

uint32_t arena_grow(struct heap *h, uint32_t *units)
{
    uint32_t least = *units;
    if (least > h->numbers->unit_limit - unit_end(h))
        return errno = ENOMEM, 0;
    *units = growth(h, least);
    uint32_t first = grow(h, *units);
    if (!first && *units > least)
        first = grow(h, *units = least);
    return first;
}
