/* Boundary tags: the first unit's descriptor has the extent's length, the last one's the
 * extent's first unit.  So neighbours are found without a search, and only the fit policy
 * keeps a structure of extents. */
#include "heap/mesh_pages.h"
#include "heap/extent.h"

#include <errno.h>

#include "base/check.h"
#include "base/crash.h"
#include "base/os.h"
#include "heap/altered.h"
#include "heap/arena.h"
#include "heap/count.h"
#include "heap/lookup.h"

enum {
    UNIT_RUN_MOST = OS_HUGE_PAGE >> UNIT_SHIFT, /* units that a unit run has at most */
    UNIT_RUN_PART = 64, /* 1 / this part of the room that the limit leaves is its most */
    PEAK_PART = 64,     /* 1 / this part of what the heap holds goes back at once */
};

static void insert(struct heap *h, uint32_t first, uint32_t units)
{
    lock_check_held(RANK_EXTENT);
    if (units == 0)
        return;
    h->units[first].extent.units = units;
    CRASH_POINT("extent insert: one end");
    h->units[first + units - 1].extent_first = first;
    CRASH_POINT("extent insert: both ends");
    h->fit->insert(h, first);
}

/* Makes free units an extent, together with their free neighbours. */
static void insert_coalesced(struct heap *h, uint32_t first, uint32_t units)
{
    lock_check_held(RANK_EXTENT);
    uint32_t next = first + units;
    if (unit_is_free(h, next)) {
        h->fit->remove(h, next);
        CRASH_POINT("extent coalesce: next");
        units += h->units[next].extent.units;
    }
    if (unit_is_free(h, first - 1)) {
        uint32_t previous = h->units[first - 1].extent_first;
        h->fit->remove(h, previous);
        CRASH_POINT("extent coalesce: previous");
        units += first - previous;
        first = previous;
    }
    insert(h, first, units);
}

static size_t dirty_bytes(const struct heap *h, uint32_t first, uint32_t units)
{
    size_t dirty = 0;
    for (uint32_t u = first; u < first + units; u++)
        dirty += h->words[u] & UNIT_DIRTY ? UNIT_BYTES : 0;
    return dirty;
}

/* The extent lock is held, but block_create reads used_bytes without it. */
static void set_used(struct heap *h, size_t bytes)
{
    __atomic_store_n(&h->numbers->used_bytes, bytes, __ATOMIC_RELAXED);
}

static size_t held_bytes(const struct heap *h)
{
    return h->numbers->used_bytes + h->numbers->dirty_bytes + h->numbers->unit_run_bytes -
           h->numbers->hole_bytes;
}

static void note_heap_bytes(struct heap *h)
{
    h->numbers->counters.heap_bytes_max =
        max_size(h->numbers->counters.heap_bytes_max, held_bytes(h));
}

static void set_holes(struct heap *h, size_t bytes)
{
    __atomic_store_n(&h->numbers->hole_bytes, bytes, __ATOMIC_RELAXED);
}

static void note_dirty_least(struct heap *h)
{
    h->numbers->dirty_least = min_size(h->numbers->dirty_least, h->numbers->dirty_bytes);
}

static void lock(struct heap *h)
{
    lock_take(&h->numbers->extent_lock, RANK_EXTENT);
    arena_look(h);
}

static void unlock(struct heap *h)
{
    lock_release(&h->numbers->extent_lock, RANK_EXTENT);
}

static void trim(struct heap *h, size_t keep);
static void give(struct heap *h, uint32_t first, uint32_t units, uint32_t touched,
                 size_t bytes);

static size_t unit_run_bytes(const struct unit_run *r)
{
    return (size_t)(r->end - r->next) << UNIT_SHIFT;
}

/* What blocks and unit runs may hold, without what they have in common.  Pages that no longer share, as after a fork,
 * may bring it beyond the limit, and then nothing more can be had. */
static size_t claimed(const struct heap *h)
{
    size_t bytes = h->numbers->used_bytes + h->numbers->unit_run_bytes;
    return bytes - min_size(bytes, mesh_bytes(h));
}

/* What the limit leaves beside that. */
static size_t room(const struct heap *h)
{
    return h->numbers->limit - min_size(h->numbers->limit, claimed(h));
}

/* Called where the heap may hold more than at its peak: free memory goes back instead, and a part of all at
 * least, as looking for it takes time in proportion to the heap.  The peak rises by what went back, so that a
 * program that needs the memory again and again is left with it.  Not on huge pages, which would be split. */
static void keep_peak(struct heap *h)
{
    struct heap_numbers *n = h->numbers;
    size_t held = held_bytes(h);
    if (held <= n->peak_bytes || heap_has_huge_pages(h))
        return;
    size_t excess = max_size(held - n->peak_bytes, held / PEAK_PART);
    size_t back = min_size(excess, n->dirty_bytes);
    if (back)
        trim(h, n->dirty_bytes - back);
    n->peak_bytes = max_size(n->peak_bytes, held - back) + back;
}

static void keep_limit(struct heap *h)
{
    if (h->numbers->dirty_bytes > room(h))
        trim(h, room(h));
}

void extent_set_limit(struct heap *h, size_t limit)
{
    lock(h);
    __atomic_store_n(&h->numbers->limit, limit, __ATOMIC_RELAXED);
    keep_limit(h);
    unlock(h);
}

/* Other threads may look at the unit meanwhile: at its word before, or at this one. */
static void set_word(struct heap *h, uint32_t unit, unit_word word)
{
    __atomic_store_n(&h->words[unit], word, __ATOMIC_RELAXED);
}

/* Removes [start, start + units) from the extent at `first` and charges `bytes` for it,
 * which the limit must allow. */
static void carve(struct heap *h, uint32_t first, uint32_t start, uint32_t units,
                  size_t bytes)
{
    lock_check_held(RANK_EXTENT);
    uint32_t end = first + h->units[first].extent.units;
    h->fit->remove(h, first);
    CRASH_POINT("extent carve: removed");
    insert(h, first, start - first);
    CRASH_POINT("extent carve: first part back");
    insert(h, start + units, end - (start + units));
    CRASH_POINT("extent carve: both parts back");
    h->numbers->dirty_bytes -= dirty_bytes(h, start, units);
    note_dirty_least(h);
    for (uint32_t u = start; u < start + units; u++) {
        set_word(h, u, (h->words[u] & UNIT_DIRTY) | UNIT_USED);
        CRASH_POINT("extent carve: a word");
    }
    set_used(h, h->numbers->used_bytes + bytes);
    keep_limit(h);
    keep_peak(h);
    note_heap_bytes(h);
}

static bool within_limit(const struct heap *h, size_t bytes)
{
    return bytes <= room(h) && claimed(h) <= h->numbers->limit;
}

/* Adds committed units at the end of the arena, enough for the request.  Returns false
 * with errno ENOMEM if there are none. */
static bool grow(struct heap *h, uint32_t units, uint32_t alignment)
{
    uint32_t end = unit_end(h);
    uint32_t tail = unit_is_free(h, end - 1) ? end - h->units[end - 1].extent_first : 0;
    uint32_t start = end - tail + unit_skip(h, end - tail, alignment);
    uint64_t needed = (uint64_t)start + units - end;
    if (needed > UINT32_MAX)
        return errno = ENOMEM, false;
    uint32_t more = (uint32_t)needed, first = arena_grow(h, &more);
    CRASH_POINT("extent grow: grown");
    if (first)
        insert_coalesced(h, first, more);
    return first != 0;
}

/* What is taken may have no memory, or have given it back. */
static bool is_backed(const struct heap *h, uint32_t first, uint32_t units)
{
    return !h->space->back || h->space->back(h->space, (void *)unit_address(h, first),
                                             (size_t)units << UNIT_SHIFT);
}

static uint32_t take(struct heap *h, uint32_t units, uint32_t alignment, size_t bytes)
{
    if (!within_limit(h, bytes))
        return errno = ENOMEM, 0;
    struct fit_place place;
    while (place = h->fit->find(h, units, alignment), !place.extent)
        if (!grow(h, units, alignment))
            return 0;
    if (!is_backed(h, place.start, units))
        return errno = ENOMEM, 0;
    carve(h, place.extent, place.start, units, bytes);
    return place.start;
}

uint32_t extent_take(struct heap *h, uint32_t units, uint32_t alignment, size_t bytes)
{
    lock(h);
    uint32_t first = take(h, units, alignment, bytes);
    unlock(h);
    return first;
}

/* How many units to take when the unit run is empty: twice what it had at first, so that
 * a thread that needs little takes little, and at most a part of what the limit leaves. */
static uint32_t next_start(const struct heap *h, const struct unit_run *r)
{
    size_t part = (room(h) >> UNIT_SHIFT) / UNIT_RUN_PART + 1;
    size_t start = min_size(max_size(2 * r->start, 1), UNIT_RUN_MOST);
    return (uint32_t)min_size(start, part);
}

/* Fills the unit run with units behind `unit`, which was just taken, as far as they lie
 * in the same huge page and have no memory yet. */
static void fill_unit_run(struct heap *h, struct unit_run *r, uint32_t unit)
{
    uint32_t start = (uint32_t)next_start(h, r);
    r->next = r->end = unit + 1;
    r->start = (uint32_t)min_size(r->start + 1, UNIT_RUN_MOST);
    if (RACING(h->bytes) <= h->huge_from || h->words[unit] & UNIT_DIRTY)
        return;
    uint32_t end = unit + 1 + unit_skip(h, unit + 1, UNIT_RUN_MOST);
    end = (uint32_t)min_size(end, unit + start);
    while (r->end < end && unit_is_free(h, r->end) && !(h->words[r->end] & UNIT_DIRTY))
        r->end++;
    if (r->end == r->next)
        return;
    r->start = (uint32_t)max_size(r->start, r->end - unit);
    h->numbers->unit_run_bytes += unit_run_bytes(r);
    carve(h, r->next, r->next, r->end - r->next, 0);
}

static uint32_t take_from(struct heap *h, struct unit_run *r)
{
    if (r->next == r->end) {
        uint32_t unit = take(h, 1, 1, UNIT_BYTES);
        if (unit)
            fill_unit_run(h, r, unit);
        return unit;
    }
    h->numbers->unit_run_bytes -= UNIT_BYTES;
    set_used(h, h->numbers->used_bytes + UNIT_BYTES);
    return r->next++;
}

uint32_t extent_take_from(struct heap *h, struct unit_run *r)
{
    lock(h);
    uint32_t unit = take_from(h, r);
    unlock(h);
    return unit;
}

/* Nobody counts the memory that a clean unit may hold, so with a limit it goes back at once. */
void extent_give_unit_run(struct heap *h, struct unit_run *r)
{
    if (r->next == r->end)
        return;
    lock(h);
    if (h->numbers->limit != SIZE_MAX)
        h->space->decommit(h->space, (void *)unit_address(h, r->next), unit_run_bytes(r));
    h->numbers->unit_run_bytes -= unit_run_bytes(r);
    give(h, r->next, r->end - r->next, 0, 0);
    unlock(h);
    r->next = r->end;
}

static bool take_behind(struct heap *h, uint32_t end, uint32_t more, size_t bytes)
{
    if (!within_limit(h, bytes))
        return false;
    if (more == 0) {
        set_used(h, h->numbers->used_bytes + bytes);
        keep_limit(h);
        note_heap_bytes(h);
        return true;
    }
    if (!unit_is_free(h, end) || h->units[end].extent.units < more ||
        !is_backed(h, end, more))
        return false;
    carve(h, end, end, more, bytes);
    return true;
}

bool extent_take_behind(struct heap *h, uint32_t end, uint32_t more, size_t bytes)
{
    lock(h);
    bool taken = take_behind(h, end, more, bytes);
    unlock(h);
    return taken;
}

void extent_forget(struct heap *h, size_t bytes)
{
    lock(h);
    set_used(h, h->numbers->used_bytes - bytes);
    unlock(h);
}

void extent_change_holes(struct heap *h, size_t made, size_t filled)
{
    lock(h);
    set_holes(h, h->numbers->hole_bytes + made - filled);
    note_heap_bytes(h);
    unlock(h);
}

/* Forgets the holes of a unit that leaves its block.  Returns how many bytes of it had
 * been given back. */
static size_t close_holes(struct heap *h, uint32_t unit)
{
    uint16_t *holes = &h->units[unit].holes;
    if (LIKELY(*holes == 0))
        return 0;
    size_t bytes = (size_t)__builtin_popcount(*holes) * OS_PAGE;
    *holes = 0;
    set_holes(h, h->numbers->hole_bytes - bytes);
    return bytes;
}

/* Sets the words of units that are free from now on: each is dirty if it was when its
 * block was made, or if the block has written to it. */
static void set_free_words(struct heap *h, uint32_t first, uint32_t end, uint32_t touched)
{
    for (uint32_t u = first; u < end; u++) {
        unit_word dirty = u < touched ? UNIT_DIRTY : h->words[u] & UNIT_DIRTY;
        bool is_hole = close_holes(h, u) == UNIT_BYTES;
        if (LIKELY(!(h->words[u] & UNIT_ALTERED)))
            set_word(h, u, word_that_remains(h->words[u]) | (is_hole ? 0 : dirty));
        CRASH_POINT("extent give: a word");
    }
    if (UNLIKELY(__atomic_load_n(&h->numbers->altered, __ATOMIC_RELAXED)))
        altered_renew(h, first, end);
}

/* Makes extents of the free units in [first, end), some of which may be nobody's any more
 * (altered_renew). */
static void insert_free(struct heap *h, uint32_t first, uint32_t end)
{
    for (uint32_t next; first < end; first = next + 1) {
        for (next = first; next < end && !word_used(h->words[next]);)
            next++;
        if (next == first)
            continue;
        h->numbers->dirty_bytes += dirty_bytes(h, first, next - first);
        insert_coalesced(h, first, next - first);
    }
}

static void give(struct heap *h, uint32_t first, uint32_t units, uint32_t touched,
                 size_t bytes)
{
    set_free_words(h, first, first + units, first + touched);
    CRASH_POINT("extent give: free");
    set_used(h, h->numbers->used_bytes - bytes);
    insert_free(h, first, first + units);
    keep_limit(h);
}

void extent_give(struct heap *h, uint32_t first, uint32_t units, uint32_t touched,
                 size_t bytes)
{
    lock(h);
    give(h, first, units, touched, bytes);
    unlock(h);
}

/* Returns to the system the memory of the dirty free units just below `end`, of `most` at
 * most.  Returns the first of them, whether the system took it or not. */
static uint32_t decommit_below(struct heap *h, uint32_t end, uint32_t most)
{
    lock_check_held(RANK_EXTENT);
    uint32_t first = end;
    while (end - first < most && unit_is_free(h, first - 1) &&
           (h->words[first - 1] & UNIT_DIRTY))
        first--;
    size_t bytes = (size_t)(end - first) << UNIT_SHIFT;
    if (h->space->decommit(h->space, (void *)unit_address(h, first), bytes) != bytes)
        return first;
    for (uint32_t u = first; u < end; u++)
        set_word(h, u, h->words[u] & ~(unit_word)UNIT_DIRTY);
    arena_return_states(h, first, end);
    h->numbers->dirty_bytes -= bytes;
    count_add(&h->numbers->counters.returned_bytes, bytes);
    return first;
}

static void trim(struct heap *h, size_t keep)
{
    for (uint32_t u = unit_end(h); u > 1 && h->numbers->dirty_bytes > keep;) {
        if (unit_is_free(h, u - 1) && (h->words[u - 1] & UNIT_DIRTY)) {
            size_t excess = h->numbers->dirty_bytes - keep;
            u = decommit_below(h, u, (uint32_t)((excess + UNIT_BYTES - 1) >> UNIT_SHIFT));
        } else {
            u--;
        }
    }
}

void extent_trim(struct heap *h, size_t keep)
{
    lock(h);
    trim(h, keep);
    unlock(h);
}

static bool is_clean(const struct heap *h, uint32_t unit)
{
    return unit_is_free(h, unit) && !(h->words[unit] & UNIT_DIRTY);
}

void extent_trim_clean(struct heap *h)
{
    lock(h);
    for (uint32_t u = 1, end; u < unit_end(h); u = end + 1) {
        for (end = u; is_clean(h, end);)
            end++;
        if (end == u)
            continue;
        h->space->decommit(h->space, (void *)unit_address(h, u),
                           (size_t)(end - u) << UNIT_SHIFT);
        arena_return_states(h, u, end);
    }
    unlock(h);
}

void extent_trim_unused(struct heap *h, size_t keep)
{
    lock(h);
    size_t unused = min_size(h->numbers->dirty_least, h->numbers->dirty_bytes);
    trim(h, max_size(keep, h->numbers->dirty_bytes - unused));
    h->numbers->dirty_least = h->numbers->dirty_bytes;
    unlock(h);
}

/* A heap that is not made yet has no lock to take, as its numbers are constant. */
struct extent_bytes extent_bytes(struct heap *h)
{
    if (h->numbers == NO_NUMBERS)
        return (struct extent_bytes){0};
    lock(h);
    size_t shared = mesh_bytes(h);
    struct extent_bytes b = {h->numbers->used_bytes - h->numbers->hole_bytes - shared,
                             held_bytes(h) - shared, h->numbers->counters.heap_bytes_max};
    unlock(h);
    return b;
}

void extent_rebuild(struct heap *h)
{
    arena_look(h);
    h->fit->start(h);
    h->numbers->dirty_bytes = 0;
    for (uint32_t first = 1, end; first < unit_end(h); first = end + 1) {
        for (end = first; unit_is_free(h, end);)
            end++;
        insert(h, first, end - first);
        h->numbers->dirty_bytes += dirty_bytes(h, first, end - first);
    }
    h->numbers->dirty_least = h->numbers->dirty_bytes;
}
