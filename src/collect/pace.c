/* The budget of a heap, and the memory that stays in it. */
#include "collect/pace.h"

#include "base/cgroup.h"
#include "base/check.h"
#include "base/critical.h"
#include "base/options.h"
#include "base/os.h"
#include "heap/extent.h"
#include "heap/holes.h"

/* Heaps above this size grow by less, since the same time for marking then buys more
 * room: the percentage falls with the square root, to no less than half of live. */
enum { TAPER_FROM = MIB(8) };

enum {
    GROUP_FROM = MIB(16), /* smaller heaps need not know of a control group's limit */
    GROUP_PERCENT = 80,   /* of the limit is for the heap, as far as collecting helps */
    /* STRETCH_MOST is in percent of the usual budget, the steps in percent of the stretch
     * before. */
    STRETCH_MOST = 1600,
    STRETCH_STEP_MOST = 200,
    STRETCH_STEP_LEAST = 67,
    /* A small heap's budget, before anything is known and at least.  A cycle that took long, or came soon, for
     * once changes it by these factors at most: a heap that has to grow grows all the same. */
    FRUGAL_LEAST = MIB(1),
    FRUGAL_RISE = 2,
    FRUGAL_FALL = 2,
    CHARGED_LEAST = KIB(256), /* tells something of how fast the program allocates */
    /* Memory is short when tasks wait for it in so many thousandths of the time, and is no more when they do in
     * fewer than RELIEVED.  The kernel waits for pages of files, too, now and then. */
    PRESSED = 20,
    RELIEVED = 5,
    YIELDS_MOST = 90, /* percent of the budget */
    YIELDS_STEP = 6,  /* percent that a look at the end of it brings back */
    YIELDS_MUCH = 50, /* from here on pages in blocks go back, too */
};

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

/* The budget for what lives.  What objects hold outside of the heap counts, too. */
static size_t budget_for(const struct heap *h, size_t live)
{
    live += __atomic_load_n(&h->numbers->external_bytes, __ATOMIC_RELAXED);
    size_t growth = percent_of(live, OPTION_NOW(growth));
    if (live > TAPER_FROM) {
        size_t factor = 100 * square_root(TAPER_FROM) / square_root(live);
        growth = max_size(percent_of(growth, factor), min_size(growth, live / 2));
    }
    return max_size(OPTION_NOW(floor), growth);
}

/* The budget within the control group's limit: a heap that grows to near the limit
 * collects more often; however little room there is, it does not do so without end. */
static size_t within_group(const struct heap *h, size_t budget)
{
    size_t limit = __atomic_load_n(&h->group_limit, __ATOMIC_RELAXED);
    if (OPTION_NOW(heap_limit) || limit == SIZE_MAX)
        return budget;
    size_t most = percent_of(limit, GROUP_PERCENT);
    size_t used = __atomic_load_n(&h->numbers->used_bytes, __ATOMIC_RELAXED);
    size_t holes = __atomic_load_n(&h->numbers->hole_bytes, __ATOMIC_RELAXED);
    size_t held = used - min_size(used, holes); /* the two are not of the same instant */
    size_t room = most > held ? most - held : 0;
    return min_size(
        budget, max_size(room, max_size(MIB(1), RACING(h->numbers->live_bytes) / 16)));
}

static unsigned yields(const struct heap *h)
{
    return __atomic_load_n(&h->yields, __ATOMIC_RELAXED);
}

/* The budget while memory is short, and within the control group's limit. */
static size_t within_means(const struct heap *h, size_t budget)
{
    size_t least = max_size(MIB(1), RACING(h->numbers->live_bytes) / 16);
    size_t left =
        budget / 100 * (100 - yields(h)); /* of any but the largest it is exact enough */
    return within_group(h, yields(h) ? min_size(budget, max_size(left, least)) : budget);
}

/* Falling by a part of what is left and rising by steps has those that share something come to have the same. */
unsigned pace_yield(unsigned before, int stalled)
{
    if (stalled >= PRESSED)
        return before + (YIELDS_MOST - before + 1) / 2;
    if (stalled >= 0 && stalled < RELIEVED)
        return before - (unsigned)min_size(before, YIELDS_STEP);
    return before;
}

/* At the end of a budget. */
static void look_at_pressure(struct heap *h, uint64_t now)
{
    if (OPTION_NOW(pressure))
        __atomic_store_n(&h->yields,
                         pace_yield(yields(h), pressure_look(&h->pressure, now)),
                         __ATOMIC_RELAXED);
    else if (yields(h))
        __atomic_store_n(&h->yields, 0, __ATOMIC_RELAXED);
}

/* SIZE_MAX if that is too much. */
static size_t stretched(const struct heap *h, size_t budget)
{
    return OPTION_NOW(gc_share) ? percent_of(budget, h->numbers->stretch) : budget;
}

size_t pace_affordable(size_t share, size_t charged, uint64_t collecting,
                       uint64_t running)
{
    share = min_size(share, 99);
    unsigned __int128 budget = (unsigned __int128)charged * collecting * (100 - share) /
                               ((unsigned __int128)(running + 1) * share);
    return budget > SIZE_MAX ? SIZE_MAX : (size_t)budget;
}

/* Learns from a cycle what the program can afford.  What it waited for others does not count as time in which it
 * ran, nor what several threads did at once as more than one's. */
static void note_affordable(struct heap *h, const struct pace_cycle *c)
{
    struct heap_numbers *n = h->numbers;
    size_t share = OPTION_NOW(memory);
    size_t before = n->affordable ? n->affordable : FRUGAL_LEAST;
    uint64_t passed = c->began - n->cycle_ended, used = c->time_used - n->time_used;
    bool known = n->cycle_ended && n->time_used && c->time_used;
    n->time_used = c->time_used ? os_processor_time() : 0;
    if (!share || !known || c->charged < CHARGED_LEAST)
        return;
    size_t now =
        pace_affordable(share, c->charged, c->ended - c->began, min_size(passed, used));
    now = min_size(max_size(now, before / FRUGAL_FALL), before * FRUGAL_RISE);
    n->affordable = min_size(max_size(now, FRUGAL_LEAST), SIZE_MAX / FRUGAL_RISE);
}

/* A smaller budget than the usual one, where collecting more often costs the program next to nothing; not below a
 * quarter of what lives, or all of that while the heap grows, as there is little to be found then.  Not where
 * blocks are tenured: what a cycle costs there is not what it takes. */
static size_t frugal(const struct heap *h, size_t budget, bool grows)
{
    if (!OPTION_NOW(memory) || OPTION_NOW(gc_share) || h->young || h->remembers)
        return budget;
    size_t least = h->numbers->live_bytes / (grows ? 1 : 4);
    return min_size(budget,
                    max_size(max_size(h->numbers->affordable, FRUGAL_LEAST), least));
}

void pace_configure(struct heap *h)
{
    size_t limit = OPTION_NOW(heap_limit);
    extent_set_limit(h, limit ? limit : SIZE_MAX);
    h->numbers->wanted = budget_for(h, h->numbers->live_bytes);
    size_t budget = within_means(h, frugal(h, stretched(h, h->numbers->wanted), false));
    __atomic_store_n(&h->numbers->budget, budget, __ATOMIC_RELAXED);
}

bool pace_lacks_limit(const struct heap *h)
{
    return UNLIKELY(!__atomic_load_n(&h->group_known, __ATOMIC_RELAXED)) &&
           __atomic_load_n(&h->numbers->used_bytes, __ATOMIC_RELAXED) >= GROUP_FROM;
}

bool pace_learn_limit(struct heap *h)
{
    if (__atomic_exchange_n(&h->group_known, true, __ATOMIC_RELAXED))
        return false;
    size_t limit = cgroup_limit("");
    __atomic_store_n(&h->group_limit, limit, __ATOMIC_RELAXED);
    if (OPTION_NOW(pressure))
        pressure_begin(&h->pressure, "");
    return limit != SIZE_MAX;
}

size_t pace_stretch(size_t stretch, size_t share, uint64_t collecting, uint64_t running)
{
    share = min_size(share, 99);
    /* How long the program should have run for such a collection. */
    uint64_t fair = collecting / share * (100 - share);
    uint64_t ratio = 100 * fair / running;
    ratio = ratio > STRETCH_STEP_MOST    ? STRETCH_STEP_MOST
            : ratio < STRETCH_STEP_LEAST ? STRETCH_STEP_LEAST
                                         : ratio;
    return min_size(max_size(stretch * ratio / 100, 100), STRETCH_MOST);
}

/* A heap does not grow on the strength of one cycle, which may have come while two large
 * structures lived for a moment: if it wants more than at the last one, it has what room it
 * holds, or half of live, until it says so again. */
static size_t damped(const struct heap *h, size_t wanted)
{
    if (wanted <= h->numbers->wanted)
        return wanted;
    size_t room =
        h->numbers->used_bytes + h->numbers->dirty_bytes - h->numbers->live_bytes;
    size_t modest =
        max_size(max_size(room, h->numbers->live_bytes / 2), OPTION_NOW(floor));
    return min_size(wanted, modest);
}

/* How many bytes stay after a cycle that nobody asked for: half of the budget more, if
 * the heap need not be near a limit, and memory is not short. */
static size_t with_slack(const struct heap *h, size_t budget)
{
    size_t slack = yields(h) ? 0 : min_size(budget / 2, SIZE_MAX - budget);
    return within_group(h, budget + slack);
}

/* Trims the heap so that no more than `keep` bytes stay beyond what holds objects, the
 * tables and the states of free units included. */
static void trim_all(struct heap *h, size_t keep)
{
    size_t units = RACING(h->bytes) >> UNIT_SHIFT;
    size_t tables = units * (sizeof(unit_word) + sizeof(struct unit));
    size_t rest = holes_make(h, keep - min_size(keep, tables));
    extent_trim(h, rest - rest / (UNIT_BYTES >> STATE_SHIFT_MOST));
    if (RACING(h->bytes) > h->huge_from)
        extent_trim_clean(h);
}

static void note_share(struct heap *h, const struct pace_cycle *c)
{
    size_t share = OPTION_NOW(gc_share);
    uint64_t running = h->numbers->cycle_ended ? c->began - h->numbers->cycle_ended : 0;
    h->numbers->cycle_ended = c->ended;
    if (share && running && !c->thorough)
        h->numbers->stretch =
            pace_stretch(h->numbers->stretch, share, c->ended - c->began, running);
}

/* Begins a budget.  The idle thread, which is not stopped, reads both numbers. */
static void begin_budget(struct heap *h, size_t budget)
{
    __atomic_store_n(&h->numbers->charged, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&h->numbers->budget, budget, __ATOMIC_RELAXED);
}

/* How much young cycles have added to what the last full one found alive. */
static size_t promoted(const struct heap *h)
{
    return h->numbers->live_bytes -
           min_size(h->numbers->live_bytes, h->numbers->live_full);
}

bool pace_wants_full(const struct heap *h)
{
    return promoted(h) >= h->numbers->until_full;
}

/* The budget from a full cycle to the next. */
static size_t full_budget(struct heap *h, const struct pace_cycle *c)
{
    size_t wanted = budget_for(h, h->numbers->live_bytes);
    size_t budget = stretched(h, c->thorough ? wanted : damped(h, wanted));
    bool grows = promoted(h) > c->charged / 2; /* most of what was new lives */
    budget = within_means(h, frugal(h, budget, grows));
    h->numbers->wanted = wanted;
    h->numbers->live_full = h->numbers->live_bytes;
    h->numbers->young_budget = max_size(h->numbers->young_budget, YOUNG_LEAST);
    h->numbers->until_full = budget;
    return budget;
}

/* What is left of that after a young cycle. */
static size_t rest_of_budget(const struct heap *h)
{
    size_t until = h->numbers->until_full;
    return within_group(h, until - min_size(until, promoted(h)));
}

void pace_go_on_full(struct heap *h)
{
    begin_budget(h, max_size(rest_of_budget(h), YOUNG_LEAST));
}

/* A young cycle that comes when little is left of the budget has what it always has: what it keeps is
 * known after it. */
static size_t until_next(const struct heap *h, size_t budget)
{
    size_t fixed = OPTION_NOW(young);
    size_t young =
        min_size(fixed ? fixed : h->numbers->young_budget, h->numbers->until_full);
    return h->remembers && h->young ? within_group(h, young) : budget;
}

void pace_while_marking(struct heap *h)
{
    size_t budget = __atomic_load_n(&h->numbers->budget, __ATOMIC_RELAXED);
    size_t charged = __atomic_load_n(&h->numbers->charged, __ATOMIC_RELAXED);
    budget = max_size(budget, charged + within_group(h, h->numbers->until_full / 2));
    __atomic_store_n(&h->numbers->budget, budget, __ATOMIC_RELAXED);
}

/* Returns what lay unused while as much was allocated as between two cycles of the usual budget: with a smaller one
 * it would go and come back as many times more often. */
static void trim_unused(struct heap *h, const struct pace_cycle *c, size_t budget)
{
    struct heap_numbers *n = h->numbers;
    n->unused = n->untrimmed ? min_size(n->unused, c->unused) : c->unused;
    n->untrimmed += c->charged;
    if (OPTION_NOW(memory) && n->untrimmed < n->wanted)
        return;
    n->untrimmed = 0;
    size_t used = n->dirty_bytes - min_size(n->dirty_bytes, n->unused);
    extent_trim(h, max_size(with_slack(h, budget), used));
}

void pace_after_cycle(struct heap *h, const struct pace_cycle *c)
{
    note_affordable(h, c);
    note_share(h, c);
    look_at_pressure(h, c->ended);
    size_t budget = c->young ? rest_of_budget(h) : full_budget(h, c);
    budget = until_next(h, budget);
    begin_budget(h, budget);
    if (c->thorough || yields(h) >= YIELDS_MUCH)
        return trim_all(h, budget);
    if (yields(h))
        return extent_trim(h, budget);
    holes_recover(h);
    trim_unused(h, c, budget);
}

/* Begins the budget that a heap of manual objects has, and returns it. */
static size_t renew_budget(struct heap *h)
{
    size_t budget = within_means(h, budget_for(h, extent_bytes(h).used));
    begin_budget(h, budget);
    return budget;
}

void pace_without_cycle(struct heap *h)
{
    critical_begin();
    look_at_pressure(h, os_now());
    extent_trim(h, with_slack(h, renew_budget(h)));
    critical_end();
}

void pace_while_busy(struct heap *h)
{
    lock_check_held(RANK_WORLD);
    extent_trim_unused(h, with_slack(h, __atomic_load_n(&h->numbers->budget,
                                                        __ATOMIC_RELAXED)));
}

void pace_at_rest(struct heap *h)
{
    lock_check_held(RANK_WORLD);
    bool managed = __atomic_load_n(&h->numbers->managed, __ATOMIC_RELAXED);
    trim_all(h, managed ? h->numbers->budget : renew_budget(h));
}

void pace_check(const struct heap *h)
{
    const struct heap_numbers *n = h->numbers;
    CHECK(n->stretch >= 100 && n->stretch <= STRETCH_MOST);
    CHECK(n->live_bytes <= n->used_bytes);
    CHECK(__atomic_load_n(&n->charged, __ATOMIC_RELAXED) == 0);
}
