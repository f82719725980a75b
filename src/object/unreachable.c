/* The phases that find watched objects unreachable.
 *
 * Objects without order come first: those that are not marked are taken as they are found, and marked
 * with all that they reach.  Then the ordered ones: all candidates, those that are not marked yet, have
 * what they point to marked, but not themselves.  So what is still unmarked afterwards is reached by no
 * candidate, and is taken; the others wait for a later cycle (this is how the Boehm collector orders
 * finalizers, too: Boehm, "Destructors, finalizers, and synchronization", POPL 2003).  A candidate that its
 * own contents lead to can never be taken, and is named.
 *
 * Whether a candidate leads to itself shows only where candidates are looked at one by one.  That is
 * done with few of them, and with those that were left over by an earlier cycle. */
#include "base/log.h"
#include "collect/cycle.h"
#include "collect/naive.h"
#include "heap/heap.h"
#include "object/pairs.h"
#include "object/reached.h"
#include "object/watch.h"
#include "world/stop.h"

enum {
    AHEAD = 8,          /* entries whose state bytes are on their way to the cache */
    ONE_BY_ONE = 10000, /* candidates at most, unless they wait */
    NAMES = 16,         /* circles that one cycle names */
};

/* Of the cycles since it was told last.  Under the world lock. */
static struct findings {
    struct {
        uintptr_t object;
        size_t size;
    } circles[NAMES];
    unsigned count;
    bool more;  /* came to wait */
    bool leaks; /* are what the cycle looks for */
} found PRIVATE_DATA;

/* ---- Marking ------------------------------------------------------------------------------ */

static void mark_words(struct cycle *c, const void *low, const void *high)
{
    marker_scan_roots(c->marker, (uintptr_t)low, (uintptr_t)high);
}

/* Entries of a table from this one on.  Their other words are no pointers into the heap, or are to
 * be marked, too. */
static void mark_entries(struct cycle *c, const struct table *t, uint32_t from)
{
    if (from <= t->count)
        mark_words(c, table_at(t, from), table_at(t, t->count + 1));
}

/* In a search for leaks what a finalizer will see is no leak: it may free it. */
static void mark_finalizable(struct cycle *c)
{
    for (uint32_t number = 1; number <= watched.watches.count; number++) {
        const struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_GUARDED))
            mark_words(c, &w->object, &w->object + 1);
    }
}

void watch_mark_ready(struct cycle *c)
{
    found.leaks = c->cause == CAUSE_LEAKS;
    if (watched.ready.count == 0 && watched.watches.count == 0)
        return;
    mark_entries(c, &watched.ready, 1);
    if (found.leaks)
        mark_finalizable(c);
    marker_drain(c->marker);
}

/* ---- What lives with something else ----------------------------------------------------------- */

/* What a finalizer is to have lives with its object, what a guardian may hand out with that. */
static void list(struct pairs *p)
{
    for (uint32_t number = 1; number <= watched.watches.count; number++) {
        const struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_GUARDED) && w->data)
            pairs_add(p, w->object, w->data);
    }
    for (uint32_t number = 1; number <= watched.kept.count; number++) {
        const struct kept *k = table_at(&watched.kept, number);
        pairs_add(p, k->guardian, k->object);
    }
}

struct pair_source watch_pairs PRIVATE_DATA = {.list = list};

/* ---- Objects without order ------------------------------------------------------------------- */

static void prefetch_ahead(const struct heap *h, uint32_t number)
{
    if (number > AHEAD)
        reached_prefetch(h, watch_at(number - AHEAD)->object);
}

static void take(uint32_t number)
{
    const struct watch *w = watch_at(number);
    if (w->flags & WATCH_GUARDED)
        table_add(&watched.kept,
                  &(struct kept){.guardian = w->data, .object = w->object});
    else
        table_add(&watched.ready, &(struct ready){.object = w->object,
                                                  .function = w->function,
                                                  .data = w->data});
    watch_remove(number);
    found.more = true;
}

/* What an unreachable guardian guards is not its to keep. */
static bool is_takeable(const struct heap *h, const struct watch *w)
{
    if (!(w->flags & (WATCH_UNORDERED | WATCH_GUARDED)) || is_reached(h, w->object))
        return false;
    return !(w->flags & WATCH_GUARDED) || is_reached(h, w->data);
}

/* Returns whether there were any. */
static bool take_unordered(struct cycle *c)
{
    uint32_t ready = watched.ready.count, kept = watched.kept.count;
    for (uint32_t number = watched.watches.count; number; number--) {
        prefetch_ahead(c->heap, number);
        if (is_takeable(c->heap, watch_at(number)))
            take(number);
    }
    mark_entries(c, &watched.ready, ready + 1);
    mark_entries(c, &watched.kept, kept + 1);
    marker_drain(c->marker);
    return watched.ready.count > ready || watched.kept.count > kept;
}

/* ---- Ordered ones ----------------------------------------------------------------------------- */

static bool is_ordered(const struct watch *w)
{
    return !(w->flags & (WATCH_UNORDERED | WATCH_GUARDED));
}

/* Returns how many there are.  One that is reached again has nothing to wait for. */
static uint32_t note_candidates(const struct heap *h)
{
    uint32_t candidates = 0;
    for (uint32_t number = watched.watches.count; number; number--) {
        struct watch *w = watch_at(number);
        prefetch_ahead(h, number);
        bool is_candidate = is_ordered(w) && !is_reached(h, w->object);
        w->flags &= is_candidate ? ~0u : ~(unsigned)(WATCH_WAITS | WATCH_NAMED);
        w->flags |= is_candidate ? WATCH_CANDIDATE : 0;
        candidates += is_candidate;
    }
    return candidates;
}

static void name_circle(const struct heap *h, struct watch *w)
{
    if (w->flags & WATCH_NAMED || found.count == NAMES)
        return;
    w->flags |= WATCH_NAMED;
    found.circles[found.count].object = w->object;
    found.circles[found.count++].size = lookup_cell(h, w->object).size;
}

/* What the candidate points to is marked, with what it needs for its finalizer. */
static void scan_candidate(struct cycle *c, const struct watch *w)
{
    struct cell o = lookup_cell(c->heap, w->object);
    marker_scan_object(c->marker, &o);
    if (w->data - o.address >= o.size)
        mark_words(c, &w->data, &w->data + 1);
}

/* Those that have one of these flags, one after the other. */
static void scan_one_by_one(struct cycle *c, unsigned flags)
{
    for (uint32_t number = 1; number <= watched.watches.count; number++) {
        struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_CANDIDATE) || !(w->flags & flags) ||
            is_reached(c->heap, w->object))
            continue;
        scan_candidate(c, w);
        marker_drain_alone(c->marker);
        if (is_reached(c->heap, w->object))
            name_circle(c->heap, w);
    }
}

static void scan_together(struct cycle *c)
{
    for (uint32_t number = 1; number <= watched.watches.count; number++) {
        const struct watch *w = watch_at(number);
        if (w->flags & WATCH_CANDIDATE && !is_reached(c->heap, w->object))
            scan_candidate(c, w);
    }
    marker_drain(c->marker);
}

static void take_ordered(struct cycle *c)
{
    uint32_t ready = watched.ready.count;
    for (uint32_t number = watched.watches.count; number; number--) {
        struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_CANDIDATE))
            continue;
        w->flags &= ~(unsigned)WATCH_CANDIDATE;
        w->flags |= WATCH_WAITS;
        if (!is_reached(c->heap, w->object))
            take(number);
    }
    mark_entries(c, &watched.ready, ready + 1);
    marker_drain(c->marker);
}

/* Objects that were named before come first, so that others of their circles are not. */
static void find_ordered(struct cycle *c)
{
    uint32_t candidates = note_candidates(c->heap);
    if (candidates == 0)
        return;
    scan_one_by_one(c, WATCH_NAMED);
    if (candidates <= ONE_BY_ONE)
        scan_one_by_one(c, WATCH_CANDIDATE);
    else
        scan_one_by_one(c, WATCH_WAITS);
    scan_together(c);
    take_ordered(c);
}

void watch_find_unreachable(struct cycle *c)
{
    if (watched.watches.count == 0)
        return;
    while (take_unordered(c) && watched.guarded)
        continue;
    find_ordered(c);
    while (watched.guarded && take_unordered(c))
        continue;
}

/* ---- For option verify -------------------------------------------------------------------------- */

void watch_verify(struct naive *n)
{
    for (uint32_t number = watched.ready.count; number; number--) {
        const struct ready *r = table_at(&watched.ready, number);
        naive_reach(n, r->object);
        naive_reach(n, r->data);
    }
    for (uint32_t number = watched.kept.count; number; number--) {
        const struct kept *k = table_at(&watched.kept, number);
        if (naive_has_reached(n, k->guardian))
            naive_reach(n, k->object);
    }
    for (uint32_t number = watched.watches.count; number; number--) {
        const struct watch *w = watch_at(number);
        if (w->flags & WATCH_WAITS || (found.leaks && !(w->flags & WATCH_GUARDED)))
            naive_reach(n, w->object);
        if (!(w->flags & WATCH_GUARDED) && naive_has_reached(n, w->object))
            naive_reach(n, w->data);
    }
}

/* ---- Guardians that are gone -------------------------------------------------------------------- */

void watch_drop_guardians(struct cycle *c)
{
    for (uint32_t number = watched.watches.count; watched.guarded && number; number--) {
        const struct watch *w = watch_at(number);
        if (w->flags & WATCH_GUARDED &&
            !(is_reached(c->heap, w->data) && is_reached(c->heap, w->object)))
            watch_remove(number);
    }
    for (uint32_t number = watched.kept.count; number; number--) {
        const struct kept *k = table_at(&watched.kept, number);
        if (!is_reached(c->heap, k->guardian))
            table_remove(&watched.kept, number);
    }
}

/* ---- What is said ---------------------------------------------------------------------------- */

bool watch_tell(void)
{
    struct findings told;
    bool taken = world_hold();
    told = found;
    found.count = 0;
    found.more = false;
    world_let_go(taken);
    for (unsigned i = 0; i < told.count; i++)
        log_line("the object at %p (%zu bytes) has a finalizer and reaches itself: it is "
                 "never finalised, but with the flag GC_UNORDERED",
                 (void *)told.circles[i].object, told.circles[i].size);
    return told.more;
}
