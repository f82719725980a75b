#include "heap/altered.h"

#include "base/critical.h"
#include "base/os.h"
#include "heap/block.h"

static bool is_altered(const struct heap *h, uint32_t unit)
{
    return word_of(h, unit) & UNIT_ALTERED;
}

static bool is_of_block(const struct heap *h, uint32_t unit)
{
    unit_word word = word_of(h, unit);
    return word_used(word) && word_class(word) != CLASS_NONE;
}

/* Its block's owner may change the shard at the same time. */
static void set_altered(struct heap *h, uint32_t unit)
{
    __atomic_fetch_or(&h->words[unit], UNIT_ALTERED, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&h->altered, __ATOMIC_RELAXED))
        __atomic_store_n(&h->altered, true, __ATOMIC_RELAXED);
}

/* The first and the last unit of the heap's that the range touches, with one more. */
static struct range_of_units {
    uint32_t first, end;
} units_of(const struct heap *h, uintptr_t low, uintptr_t high)
{
    uintptr_t start = unit_address(h, 1);
    uintptr_t end = h->base + __atomic_load_n(&h->bytes, __ATOMIC_RELAXED);
    low = max_size(low, start);
    high = min_size(high, end);
    if (low >= high)
        return (struct range_of_units){0, 0};
    return (struct range_of_units){unit_of(h, low), unit_of(h, high - 1) + 1};
}

/* There is nothing more to be done with its block. */
static bool is_apart(const struct heap *h, uint32_t unit)
{
    unit_word word = word_of(h, unit);
    return word_class(word) == CLASS_LARGE || word_shard(word) == SHARD_APART;
}

static void alter(struct heap *h, uint32_t unit, bool waits)
{
    set_altered(h, unit);
    if (waits && !is_apart(h, unit))
        block_set_apart(h, unit_head(h, unit));
}

/* In a section that was interrupted, locks of the heap are not to be waited for: then the next
 * sweep sets the block apart. */
void altered_note(struct heap *h, uintptr_t low, uintptr_t high)
{
    struct range_of_units u = units_of(h, low, high);
    bool waits = critical.depth == 0;
    critical_begin();
    for (; u.first < u.end; u.first++)
        if (is_of_block(h, u.first) && !(is_altered(h, u.first) && is_apart(h, u.first)))
            alter(h, u.first, waits);
    critical_end();
}

void altered_found(struct heap *h, uintptr_t address)
{
    struct range_of_units u = units_of(h, address, address + 1);
    if (u.first < u.end && is_of_block(h, u.first) && !is_altered(h, u.first))
        set_altered(h, u.first);
}

bool altered_block(const struct heap *h, uint32_t head)
{
    if (LIKELY(!__atomic_load_n(&h->altered, __ATOMIC_RELAXED)))
        return false;
    uint32_t end = head + block_units(h, head);
    for (uint32_t u = head; u < end; u++)
        if (is_altered(h, u))
            return true;
    return false;
}

/* With the huge pages that its neighbours have, so that the system keeps one mapping of all. */
static bool renew(const struct heap *h, uint32_t first, uint32_t end)
{
    void *start = (void *)unit_address(h, first);
    size_t bytes = (size_t)(end - first) << UNIT_SHIFT;
    if (!os_renew(start, bytes))
        return false;
    if (RACING(h->bytes) > h->huge_from &&
        !__atomic_load_n(&h->keeps_small, __ATOMIC_RELAXED))
        os_huge_pages(start, bytes);
    return true;
}

void altered_renew(struct heap *h, uint32_t first, uint32_t end)
{
    for (uint32_t next; first < end; first = next) {
        for (next = first + 1; is_altered(h, first) && next < end && is_altered(h, next);)
            next++;
        if (!is_altered(h, first))
            continue;
        unit_word word = renew(h, first, next) ? 0 : UNIT_USED;
        for (uint32_t u = first; u < next; u++)
            __atomic_store_n(&h->words[u], word, __ATOMIC_RELAXED);
    }
}
