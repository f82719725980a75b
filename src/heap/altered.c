/* The altered pages of a heap: noting them, and getting new memory for them. */
#include "heap/altered.h"

#include "base/critical.h"
#include "base/os.h"
#include "heap/block.h"

enum { UNIT_PAGES = UNIT_BYTES / OS_PAGE };

_Static_assert(UNIT_PAGES == 16, "struct unit has one bit for each page");

static bool is_altered(const struct heap *h, uint32_t unit)
{
    return word_of(h, unit) & UNIT_ALTERED;
}

static uint16_t pages_of(const struct heap *h, uint32_t unit)
{
    return __atomic_load_n(&h->units[unit].altered, __ATOMIC_RELAXED);
}

static bool is_of_block(const struct heap *h, uint32_t unit)
{
    unit_word word = word_of(h, unit);
    return word_used(word) && word_class(word) != CLASS_NONE;
}

/* The units that a range touches. */
struct unit_range {
    uint32_t first, end;
};

static struct unit_range units_of(const struct heap *h, uintptr_t low, uintptr_t high)
{
    uintptr_t start = unit_address(h, 1);
    uintptr_t end = h->base + __atomic_load_n(&h->bytes, __ATOMIC_RELAXED);
    low = max_size(low, start);
    high = min_size(high, end);
    if (low >= high)
        return (struct unit_range){0, 0};
    return (struct unit_range){unit_of(h, low), unit_of(h, high - 1) + 1};
}

/* The pages of the unit that a range touches. */
static uint16_t pages_between(const struct heap *h, uint32_t unit, uintptr_t low,
                              uintptr_t high)
{
    uintptr_t start = unit_address(h, unit);
    size_t from = low > start ? (low - start) / OS_PAGE : 0;
    size_t to = min_size(high - start + OS_PAGE - 1, UNIT_BYTES) / OS_PAGE;
    return (uint16_t)((1u << to) - (1u << from));
}

/* ---- Noting ------------------------------------------------------------------------ */

/* Each bit is set atomically: the block's owner may change the shard at the same time,
 * and the owners of other objects what is said of their pages. */
static void set_pages(struct heap *h, uint32_t unit, uint16_t pages)
{
    __atomic_fetch_or(&h->units[unit].altered, pages, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&h->words[unit], UNIT_ALTERED, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&h->numbers->altered, __ATOMIC_RELAXED))
        __atomic_store_n(&h->numbers->altered, true, __ATOMIC_RELAXED);
}

static void clear_pages(struct heap *h, uint32_t unit, uint16_t pages)
{
    if (__atomic_and_fetch(&h->units[unit].altered, (uint16_t)~pages, __ATOMIC_SEQ_CST))
        return;
    __atomic_fetch_and(&h->words[unit], ~(unit_word)UNIT_ALTERED, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&h->units[unit].altered, __ATOMIC_SEQ_CST))
        set_pages(h, unit, 0);
}

/* Whether the unit's block need not be set apart any more. */
static bool is_apart(const struct heap *h, uint32_t unit)
{
    unit_word word = word_of(h, unit);
    return word_class(word) == CLASS_LARGE || word_shard(word) == SHARD_APART;
}

/* In a section that was interrupted, locks of the heap are not to be waited for: then the next
 * sweep sets the block apart. */
void altered_note(struct heap *h, uintptr_t low, uintptr_t high)
{
    /* The system alters whole pages of its own, which may be larger than OS_PAGE. */
    low = align_down(low, os_page_bytes());
    high = max_size(high, align_up(high, os_page_bytes()));
    struct unit_range u = units_of(h, low, high);
    bool waits = critical.depth == 0;
    critical_begin();
    for (; u.first < u.end; u.first++) {
        uint16_t pages = pages_between(h, u.first, low, high);
        if (!is_of_block(h, u.first))
            continue;
        if ((pages_of(h, u.first) & pages) != pages)
            set_pages(h, u.first, pages);
        if (waits && !is_apart(h, u.first))
            block_set_aside(h, unit_head(h, u.first), SHARD_APART);
    }
    critical_end();
}

/* Memory that is shared is not the program's to alter: what cannot be read there is lost, and getting new
 * memory for it would take it away from the others. */
void altered_found(struct heap *h, uintptr_t address)
{
    if (h->space->shared)
        return;
    struct unit_range u = units_of(h, address, address + 1);
    if (u.first == u.end || !is_of_block(h, u.first))
        return;
    uint16_t page = pages_between(h, u.first, address, address + 1);
    if (!(pages_of(h, u.first) & page))
        set_pages(h, u.first, page);
}

bool altered_block(const struct heap *h, uint32_t head)
{
    if (LIKELY(!__atomic_load_n(&h->numbers->altered, __ATOMIC_RELAXED)))
        return false;
    uint32_t end = head + block_units(h, head);
    for (uint32_t u = head; u < end; u++)
        if (is_altered(h, u))
            return true;
    return false;
}

/* ---- New memory -------------------------------------------------------------------- */

/* The new memory has huge pages if its neighbours have them, so that the system keeps one
 * mapping of all. */
static bool renew(const struct heap *h, uintptr_t low, uintptr_t high)
{
    if (!os_renew((void *)low, high - low))
        return false;
    if (heap_has_huge_pages(h))
        os_huge_pages((void *)low, high - low);
    return true;
}

/* Pages [first, first + count) of a unit are altered, those around them are not; they lie in the
 * object, and are whole pages of the system. */
static bool renew_pages(struct heap *h, uint32_t unit, unsigned first, unsigned count)
{
    uintptr_t low = unit_address(h, unit) + (uintptr_t)first * OS_PAGE;
    uintptr_t high = low + (uintptr_t)count * OS_PAGE;
    if (!renew(h, low, high))
        return false;
    clear_pages(h, unit, (uint16_t)(((1u << count) - 1) << first));
    return true;
}

/* The whole pages of the unit in [low, high). */
static uint16_t pages_inside(const struct heap *h, uint32_t unit, uintptr_t low,
                             uintptr_t high)
{
    uintptr_t start = unit_address(h, unit);
    low = max_size(align_up(low, os_page_bytes()), start);
    high = min_size(align_down(high, os_page_bytes()), start + UNIT_BYTES);
    return low < high ? pages_between(h, unit, low, high) : 0;
}

bool altered_renew_object(struct heap *h, const struct cell *o)
{
    if (LIKELY(!__atomic_load_n(&h->numbers->altered, __ATOMIC_RELAXED)) ||
        word_class(o->word) == CLASS_LARGE)
        return true;
    uintptr_t high = o->address + o->size;
    struct unit_range u = units_of(h, o->address, high);
    for (; u.first < u.end; u.first++) {
        uint32_t pages =
            pages_of(h, u.first) & pages_inside(h, u.first, o->address, high);
        while (pages) {
            unsigned first = (unsigned)__builtin_ctz(pages);
            unsigned count = (unsigned)__builtin_ctz(~(pages >> first));
            if (!renew_pages(h, u.first, first, count))
                return false;
            pages &= ~(((1u << count) - 1) << first);
        }
    }
    return true;
}

/* Slots that a cache holds are not looked at.  A page is altered there only if altered_note could
 * not set the block apart before the object was freed. */
static void sweep_object(struct heap *h, const struct cell *o)
{
    if (*o->state != h->numbers->mark && *o->state != STATE_RESERVED &&
        !altered_renew_object(h, o))
        *o->state = h->numbers->mark;
}

void altered_sweep(struct heap *h, uint32_t head)
{
    uint32_t end = head + block_units(h, head);
    if (word_class(h->words[head]) == CLASS_LARGE)
        return;
    for (uint32_t u = head; u < end; u++)
        for (uint32_t pages = pages_of(h, u); pages; pages &= pages - 1) {
            size_t at = (size_t)__builtin_ctz(pages) * OS_PAGE;
            struct cell o = lookup_cell(h, unit_address(h, u) + at);
            if (o.state)
                sweep_object(h, &o);
        }
    if (altered_block(h, head))
        block_set_shard(h, head, SHARD_APART);
    else if (word_shard(h->words[head]) == SHARD_APART)
        block_set_shard(h, head,
                        block_has(h, head, BLOCK_NOTED) || word_typed(h->words[head])
                            ? SHARD_NOTED
                            : head % SHARD_FREED);
}

void altered_renew(struct heap *h, uint32_t first, uint32_t end)
{
    for (uint32_t next; first < end; first = next) {
        for (next = first + 1; is_altered(h, first) && next < end && is_altered(h, next);)
            next++;
        if (!is_altered(h, first))
            continue;
        bool renewed = renew(h, unit_address(h, first), unit_address(h, next));
        for (uint32_t u = first; u < next; u++) {
            h->units[u].altered = 0;
            __atomic_store_n(&h->words[u],
                             renewed ? word_that_remains(h->words[u]) : UNIT_USED,
                             __ATOMIC_RELAXED);
        }
    }
}
