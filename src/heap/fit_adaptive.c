/* Adaptive: first fit while the heap grows, best fit once it has enough.
 *
 * While the heap grows, first fit leaves the high end free for the next objects, and for
 * those that grow in place.  Later, best fit keeps large holes whole.  Recorded traces
 * bear that out (docs/fit.md): one of the two always has the least peak or all but, so
 * that adaptive never moves to next or buddy.
 *
 * After every WINDOW searches the policy is judged by what happened in them:
 *
 *   in first:  no fit failed, an eighth to half of the heap is free, searches are short:
 *              best
 *   in best:   two fits or more failed, though enough units were free, but not together,
 *              or searches are long: first, whose searches end earlier
 *
 * All of IN_A_ROW windows must say so, and after a switch nothing is judged for
 * `patience` windows, twice as many each time: programs that suit no policy do not make
 * it swing. */
#include "base/check.h"
#include "base/log.h"
#include "base/options.h"
#include "heap/fit_tree.h"
#include "heap/lookup.h"

enum {
    WINDOW = 64,      /* searches: 64 small blocks are 4 MiB, half of the floor */
    IN_A_ROW = 2,     /* windows; one may be an accident */
    FAILED_MANY = 2,  /* fits in a window; each makes the heap an eighth larger */
    FREE_LEAST = 8,   /* an eighth of the heap */
    FREE_MOST = 2,    /* half of the heap */
    LONG_SEARCH = 20, /* extents per search: a tree of some 10,000 */
    /* Half of LONG_SEARCH, so that one switch does not call for the next. */
    SHORT_SEARCH = 10,
    PATIENCE_LEAST = 4,   /* windows */
    PATIENCE_MOST = 1024, /* windows: 65,536 searches */
};

struct verdict {
    const struct fit *better; /* NULL: the policy stays */
    const char *why;
};

static const struct fit *policy(const struct fit_adaptive *a)
{
    return a->best ? &fit_best : &fit_first;
}

/* There are holes to choose from, and not so many that any choice will do. */
static bool has_enough(const struct heap *h)
{
    uint32_t free_units = h->numbers->fit_state.adaptive.free_units, end = unit_end(h);
    return free_units >= end / FREE_LEAST && free_units <= end / FREE_MOST;
}

static struct verdict judge(const struct heap *h)
{
    const struct fit_adaptive *a = &h->numbers->fit_state.adaptive;
    const struct fit_window *w = &a->window;
    if (!a->best) {
        bool good = w->failures == 0 && w->steps <= SHORT_SEARCH * WINDOW;
        if (good && has_enough(h))
            return (struct verdict){&fit_best, "the heap has enough"};
    } else {
        if (w->failures >= FAILED_MANY)
            return (struct verdict){&fit_first, "failed fits"};
        if (w->steps >= LONG_SEARCH * WINDOW)
            return (struct verdict){&fit_first, "long searches"};
    }
    return (struct verdict){0};
}

static void log_switch(const struct heap *h, struct verdict v)
{
    const struct fit_adaptive *a = &h->numbers->fit_state.adaptive;
    const struct fit_window *w = &a->window;
    if (OPTION_NOW(log))
        log_line(
            "fit from %s to %s (%s): last %u searches: %u failed, %llu extents looked "
            "at; free %u of %u units",
            policy(a)->name, v.better->name, v.why, w->searches, w->failures,
            (unsigned long long)w->steps, a->free_units, unit_end(h));
}

static void switch_to(struct heap *h, struct verdict v)
{
    struct fit_adaptive *a = &h->numbers->fit_state.adaptive;
    log_switch(h, v);
    a->best = v.better == &fit_best;
    a->moved += fit_tree_reorder(h, a->best);
    a->switches++;
    a->patience = a->patience_max;
    a->patience_max = (uint32_t)min_size(2 * a->patience_max, PATIENCE_MOST);
}

static void end_window(struct heap *h)
{
    struct fit_adaptive *a = &h->numbers->fit_state.adaptive;
    struct verdict v = {0};
    if (a->patience)
        a->patience--;
    else
        v = judge(h);
    a->in_a_row = v.better ? a->in_a_row + 1 : 0;
    if (a->in_a_row == IN_A_ROW) {
        switch_to(h, v);
        a->in_a_row = 0;
    }
    a->window = (struct fit_window){0};
}

static void start(struct heap *h)
{
    h->numbers->fit_state.adaptive =
        (struct fit_adaptive){.patience_max = PATIENCE_LEAST};
    fit_first.start(h);
}

static void insert(struct heap *h, uint32_t first)
{
    h->numbers->fit_state.adaptive.free_units += h->units[first].extent.units;
    fit_tree_insert(h, first);
}

static void remove_extent(struct heap *h, uint32_t first)
{
    h->numbers->fit_state.adaptive.free_units -= h->units[first].extent.units;
    fit_tree_remove(h, first);
}

static struct fit_place find(struct heap *h, uint32_t units, uint32_t alignment)
{
    struct fit_adaptive *a = &h->numbers->fit_state.adaptive;
    if (a->window.searches == WINDOW)
        end_window(h);
    uint64_t steps_before = h->numbers->fit_state.steps;
    struct fit_place place = policy(a)->find(h, units, alignment);
    a->window.searches++;
    a->window.steps += h->numbers->fit_state.steps - steps_before;
    a->window.failures += !place.extent && a->free_units >= units;
    return place;
}

static uint32_t check(const struct heap *h)
{
    const struct fit_adaptive *a = &h->numbers->fit_state.adaptive;
    CHECK(a->window.searches <= WINDOW && a->window.failures <= a->window.searches);
    CHECK(a->in_a_row < IN_A_ROW && a->patience <= PATIENCE_MOST);
    uint32_t free_units = 0;
    for (uint32_t u = 1; u < unit_end(h); u++)
        free_units += !word_used(h->words[u]);
    CHECK(free_units == a->free_units);
    return fit_tree_check(h);
}

const struct fit fit_adaptive = {"adaptive", start, insert, remove_extent, find, check};
