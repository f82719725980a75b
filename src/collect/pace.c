#include "collect/pace.h"

#include "base/critical.h"
#include "base/options.h"
#include "heap/extent.h"
#include "heap/holes.h"

/* Heaps above this size grow by less, since the same time for marking then buys more
 * room: the percentage falls with the square root, to no less than half of live. */
enum { TAPER_FROM = MIB(8) };

static size_t square_root(size_t n)
{
    size_t root = 0;
    for (size_t bit = (size_t)1 << 31; bit; bit >>= 1)
        if ((root + bit) * (root + bit) <= n)
            root += bit;
    return root;
}

/* SIZE_MAX if that is too much. */
static size_t percent_of(size_t bytes, size_t percent)
{
    size_t most;
    if (__builtin_mul_overflow(bytes / 100 + 1, percent, &most))
        return SIZE_MAX;
    return bytes / 100 * percent + bytes % 100 * percent / 100;
}

static size_t budget_for(size_t live)
{
    size_t growth = percent_of(live, OPTION_NOW(growth));
    if (live > TAPER_FROM) {
        size_t factor = 100 * square_root(TAPER_FROM) / square_root(live);
        growth = max_size(percent_of(growth, factor), min_size(growth, live / 2));
    }
    return max_size(OPTION_NOW(floor), growth);
}

void pace_configure(struct heap *h)
{
    size_t limit = OPTION_NOW(heap_limit);
    extent_set_limit(h, limit ? limit : SIZE_MAX);
    h->wanted = budget_for(h->live_bytes);
    __atomic_store_n(&h->budget, h->wanted, __ATOMIC_RELAXED);
}

/* A heap does not grow on the strength of one cycle, which may have come while two large
 * structures lived for a moment: if it wants more than at the last one, it has what room it
 * holds, or half of live, until it says so again. */
static size_t damped(const struct heap *h, size_t wanted)
{
    if (wanted <= h->wanted)
        return wanted;
    size_t room = h->used_bytes + h->dirty_bytes - h->live_bytes;
    size_t modest = max_size(max_size(room, h->live_bytes / 2), OPTION_NOW(floor));
    return min_size(wanted, modest);
}

/* No more than `keep` bytes stay beyond what holds objects, the states of free units
 * included. */
static void trim_all(struct heap *h, size_t keep)
{
    size_t rest = holes_make(h, keep);
    extent_trim(h, rest - rest / (UNIT_BYTES >> STATE_SHIFT));
    if (h->bytes > h->huge_from)
        extent_trim_states(h);
}

void pace_after_cycle(struct heap *h, bool thorough, size_t unused)
{
    size_t wanted = budget_for(h->live_bytes);
    h->charged = 0;
    h->budget = thorough ? wanted : damped(h, wanted);
    h->wanted = wanted;
    size_t kept = h->budget;
    if (!thorough) {
        kept += min_size(h->budget / 2, SIZE_MAX - h->budget);
        kept = max_size(kept, h->dirty_bytes - min_size(h->dirty_bytes, unused));
    }
    if (thorough)
        return trim_all(h, kept);
    holes_recover(h);
    extent_trim(h, kept);
}

void pace_without_cycle(struct heap *h)
{
    critical_begin();
    size_t budget = budget_for(extent_bytes(h).used);
    __atomic_store_n(&h->charged, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&h->budget, budget, __ATOMIC_RELAXED);
    extent_trim(h, budget + min_size(budget / 2, SIZE_MAX - budget));
    critical_end();
}
