#include "heap/rebuild.h"

#include <string.h>

#include "base/crash.h"
#include "base/os.h"
#include "heap/arena.h"
#include "heap/block.h"
#include "heap/extent.h"
#include "heap/state.h"
#include "heap/wide.h"

/* Bits of a word that do not tell what a block is: the shard changes word by word, and that pages have been
 * altered is noted of each process's own heap. */
#define LOOSE \
    ((unit_word)UNIT_DIRTY | UNIT_ALTERED | (unit_word)(SHARDS - 1) << UNIT_SHARD_SHIFT)

/* ---- What can be believed ----------------------------------------------------------------------- */

/* The word of the n-th unit of a block whose head is at `head`, but for loose bits. */
static unit_word expected_word(const struct heap *h, uint32_t head, unsigned bin,
                               uint32_t n)
{
    unit_word typed = h->words[head] & UNIT_TYPED;
    unsigned shift = sizeclass_state_shift(bin_class(bin));
    size_t states = h->numbers->maps[STATE_SHIFT_MOST - shift] + ((size_t)head << shift);
    unit_word distance = min_size(n, UNIT_DISTANCE_MAX);
    return UNIT_USED | typed | (unit_word)bin << UNIT_BIN_SHIFT |
           distance << UNIT_DISTANCE_SHIFT | (unit_word)states << UNIT_STATES_SHIFT;
}

static bool is_class(unsigned class)
{
    return class > CLASS_NONE && class <= CLASS_LARGE;
}

/* How many units a block has that begins here; 0: none does that could be whole. */
static uint32_t units_from_here(const struct heap *h, uint32_t head)
{
    unit_word word = h->words[head];
    unsigned class = word_class(word);
    if (!word_used(word) || !is_class(class) || word_distance(word) != 0)
        return 0;
    if (class != CLASS_LARGE)
        return sizeclass_units(class);
    size_t bytes = block_at(h, head)->bytes, most = (size_t)(unit_end(h) - head)
                                                    << UNIT_SHIFT;
    return bytes > 0 && bytes % OS_PAGE == 0 && bytes < most
               ? (uint32_t)(bytes >> UNIT_SHIFT) + 1
               : 0;
}

/* Whether a typed block has a type, and the same in all units. */
static bool has_type(const struct heap *h, uint32_t head, uint32_t units, unsigned bin)
{
    uint32_t t = h->types[head];
    if (t == 0 || t >= h->numbers->typed_count || typed_bin_word_bin(&h->typed[t]) != bin)
        return false;
    for (uint32_t u = head; u < head + units; u++)
        if (h->types[u] != t)
            return false;
    return true;
}

uint32_t heap_whole_block(const struct heap *h, uint32_t head)
{
    uint32_t units = units_from_here(h, head);
    unsigned bin = word_bin(h->words[head]);
    if (units > unit_end(h) - head ||
        (word_typed(h->words[head]) && !has_type(h, head, units, bin)))
        return 0;
    for (uint32_t n = 0; n < units; n++)
        if ((h->words[head + n] & ~LOOSE) != expected_word(h, head, bin, n))
            return 0;
    return units;
}

/* The head of the block around a unit, by words that may be anything; 0: there is none. */
static uint32_t head_around(const struct heap *h, uint32_t unit)
{
    uint32_t distance = UNIT_DISTANCE_MAX;
    while (distance == UNIT_DISTANCE_MAX) {
        unit_word word = word_of(h, unit);
        distance = word_distance(word);
        if (!word_used(word) || distance >= unit)
            return 0;
        unit -= distance;
    }
    return unit;
}

struct cell heap_cell(const struct heap *h, uintptr_t address)
{
    size_t offset = address - h->base;
    if (offset >= RACING(h->bytes))
        return (struct cell){0};
    uint32_t unit = (uint32_t)(offset >> UNIT_SHIFT), head = head_around(h, unit);
    uint32_t units = head ? units_from_here(h, head) : 0;
    if (unit - head >= units)
        return (struct cell){0};
    unsigned bin = word_bin(word_of(h, head));
    const struct geometry *g = word_geometry(word_of(h, head));
    size_t index = slot_index(g, offset - ((size_t)head << UNIT_SHIFT));
    bool sound = (word_of(h, head) & ~LOOSE) == expected_word(h, head, bin, 0) &&
                 (word_of(h, unit) & ~LOOSE) == expected_word(h, head, bin, unit - head);
    return sound && index < g->count ? block_cell(h, head, index) : (struct cell){0};
}

static bool is_sound(const struct heap *h, uint32_t head, struct rebuild_fault *fault)
{
    uint32_t count = geometries[word_class(h->words[head])].count;
    if (state_all_exist(block_states(h, head), count))
        return true;
    *fault = (struct rebuild_fault){"an object has a state that does not exist", head};
    return false;
}

/* All units that do not belong to a whole block count as free: so nothing else can be wrong with them. */
bool heap_is_plausible(struct heap *h, struct rebuild_fault *fault)
{
    *fault = (struct rebuild_fault){NULL, 0};
    for (uint32_t u = 1, units; u < unit_end(h); u += units ? units : 1) {
        units = heap_whole_block(h, u);
        if (units && !is_sound(h, u, fault))
            return false;
    }
    return true;
}

/* ---- Blocks ------------------------------------------------------------------------------------- */

/* What was used may hold anything; what was free says so itself. */
static void set_free(struct heap *h, uint32_t first, uint32_t units)
{
    for (uint32_t u = first; u < first + units; u++) {
        h->words[u] = word_used(h->words[u]) ? UNIT_DIRTY : h->words[u] & UNIT_DIRTY;
        h->units[u].holes = h->units[u].altered = 0;
    }
}

/* All units get the shard of the head. */
static void set_shards(struct heap *h, uint32_t head, uint32_t units)
{
    unit_word shard = h->words[head] & (unit_word)(SHARDS - 1) << UNIT_SHARD_SHIFT;
    if (word_typed(h->words[head]))
        shard = (unit_word)SHARD_NOTED << UNIT_SHARD_SHIFT;
    else if (word_shard(shard) >= SHARDS_OWN)
        shard = 0;
    for (uint32_t u = head; u < head + units; u++) {
        h->words[u] = (h->words[u] & ~(LOOSE ^ UNIT_DIRTY)) | shard;
        h->units[u].holes = h->units[u].altered = 0;
    }
}

/* Makes the counters of a whole block anew.  A block without objects becomes free units.  Behind the last slot
 * there are none, which marking relies on and a file may say otherwise. */
static void renew_block(struct heap *h, uint32_t head, uint32_t units, bool suspect)
{
    struct block *b = block_at(h, head);
    uint32_t count = geometries[word_class(h->words[head])].count;
    size_t bytes = word_class(h->words[head]) == CLASS_LARGE ? b->bytes : 0;
    uint32_t touched = suspect ? count : (uint32_t)min_size(b->touched, count);
    uint32_t all = 1u << sizeclass_state_shift(word_class(h->words[head]));
    uint32_t free = state_renew(block_states(h, head), count, all, suspect);
    if (free == count) {
        set_free(h, head, units);
        return;
    }
    CRASH_POINT("rebuild block: states");
    *b = (struct block){.free_count = free, .touched = touched, .bytes = bytes};
    set_shards(h, head, units);
    CRASH_POINT("rebuild block: words");
    h->numbers->used_bytes += bytes ? bytes : (size_t)units << UNIT_SHIFT;
    block_settle(h, head);
}

/* What follows from nothing that is known is as in a heap that was just made. */
static void renew_numbers(struct heap *h)
{
    struct heap_numbers *n = h->numbers;
    n->used_bytes = n->unit_run_bytes = n->hole_bytes = 0;
    n->reserved_apart = 0;
    n->altered = n->keeps_small = false;
    n->managed = true;
    n->limit = SIZE_MAX;
    if (n->mark != STATE_MARK_A && n->mark != STATE_MARK_B)
        n->mark = STATE_MARK_A;
}

static void renew_locks(struct heap *h)
{
    h->numbers->extent_lock.word = h->numbers->typed_lock.word = LOCK_SHARED;
    for (unsigned i = 0; i < block_lists(h); i++)
        *block_list(h, i) = (struct bin_list){.lock = {LOCK_SHARED}};
}

void heap_distrust(struct heap *h)
{
    const struct heap_numbers *n = h->numbers;
    arena_look(h);
    for (uint32_t u = 1; u < unit_end(h); u++)
        if (!word_used(h->words[u]))
            h->words[u] = UNIT_DIRTY;
    size_t page = os_page_bytes();
    uintptr_t low = (uintptr_t)&h->words[unit_end(h)], next = align_up(low, page);
    uintptr_t high = align_up((uintptr_t)&h->words[n->unit_limit], page);
    memset((void *)low, 0, next - low);
    if (next < high)
        h->space->decommit(h->space, (void *)next, high - next);
    low = unit_address(h, unit_end(h)), high = unit_address(h, n->unit_limit);
    if (low < high)
        h->space->decommit(h->space, (void *)low, high - low);
}

bool heap_rebuild(struct heap *h, bool suspect, struct rebuild_fault *fault)
{
    lock_check_all(true);
    arena_look(h);
    bool plausible = heap_is_plausible(h, fault);
    if (plausible) {
        renew_numbers(h);
        h->words[0] = UNIT_USED;
        h->states[0] = STATE_FREE; /* what free units lead to */
        CRASH_POINT("rebuild: nothing yet");
        renew_locks(h);
        for (uint32_t u = 1, units; u < unit_end(h); u += units ? units : 1) {
            units = heap_whole_block(h, u);
            if (units)
                renew_block(h, u, units, suspect);
            else
                set_free(h, u, 1);
        }
        CRASH_POINT("rebuild: blocks");
        extent_rebuild(h);
        CRASH_POINT("rebuild: extents");
    }
    lock_check_all(false);
    return plausible;
}

bool heap_back_blocks(struct heap *h)
{
    for (uint32_t u = 1, first = 1, units; u <= unit_end(h); u += units ? units : 1) {
        units = u < unit_end(h) ? heap_whole_block(h, u) : 0;
        if (units)
            continue;
        size_t bytes = (size_t)(u - first) << UNIT_SHIFT;
        if (bytes && !h->space->back(h->space, (void *)unit_address(h, first), bytes))
            return false;
        first = u + 1;
    }
    return true;
}

/* ---- One list ------------------------------------------------------------------------------------ */

static bool is_of(struct heap *h, uint32_t head, const struct bin_list *list)
{
    return block_list_of(h, word_shard(h->words[head]), block_bin(h, head)) == list;
}

void heap_rebuild_list(struct heap *h, struct lock *l)
{
    lock_check_all(true);
    struct bin_list *list =
        (struct bin_list *)(void *)((char *)l - offsetof(struct bin_list, lock));
    list->first = list->last = 0;
    arena_look(h);
    for (uint32_t u = 1, units; u < unit_end(h); u += units ? units : 1) {
        units = heap_whole_block(h, u);
        if (!units || word_class(h->words[u]) == CLASS_LARGE || !is_of(h, u, list))
            continue;
        struct block *b = block_at(h, u);
        b->free_count =
            state_count(block_states(h, u), geometries[word_class(h->words[u])].count)
                .free;
        if (!b->taken)
            block_settle(h, u);
    }
    lock_check_all(false);
}
