/* The phases that find watched objects unreachable.
 *
 * Objects without order come first: those that are not marked are taken all at once, and marked
 * with all that they reach.  Then the ordered ones: all candidates, those that are not marked
 * yet, have what they point to marked, but not themselves.  So what is still unmarked afterwards
 * is reached by no candidate, and is taken; the others wait for a later cycle (this is how the
 * Boehm collector orders finalizers, too: Boehm, "Destructors, finalizers, and synchronization",
 * POPL 2003).  A candidate that its own contents lead to can never be taken, and is named.  Before
 * any is taken counted objects that are unmarked yet are found, and what they lead to is marked
 * (counted_dead.c), so that the order holds among both kinds.  What is unmarked even then goes to
 * its guardians.
 *
 * Whether a candidate leads to itself shows only where candidates are looked at one by one.
 * That is done with few of them, and with those that were left over by an earlier cycle. */
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
    TOGETHER = 65536,   /* objects that markers share the scanning of */
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

/* Addresses that are to be marked, many at a time. */
static struct {
    uintptr_t words[256];
    size_t count;
} batch PRIVATE_DATA;

static void mark_batch(struct cycle *c)
{
    marker_scan_roots(c->marker, (uintptr_t)batch.words,
                      (uintptr_t)(batch.words + batch.count));
    batch.count = 0;
}

static void mark(struct cycle *c, uintptr_t address)
{
    if (batch.count == sizeof batch.words / sizeof batch.words[0])
        mark_batch(c);
    batch.words[batch.count++] = address;
}

/* Finalizers that are ready are to find their objects, and their data. */
static void mark_ready(struct cycle *c)
{
    for (uint32_t number = watched.ready ? watched.watches.count : 0; number; number--) {
        const struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_READY))
            continue;
        mark(c, w->object);
        if (w->flags & WATCH_DATA)
            mark(c, w->data);
    }
}

/* And all that they lead to. */
static void drain(struct cycle *c)
{
    mark_batch(c);
    cycle_roots_drain(&c->roots, c->marker);
}

/* With what lives with that: an ephemeron's value is reached by who reaches its key, as is the
 * data of a finalizer by who reaches its object, and both count for the order. */
static void drain_pairs(struct cycle *c)
{
    drain(c);
    pairs_settle();
}

/* In a search for leaks, which comes before what lives with something else is marked, data that
 * finalizers will be called with is no leak. */
static void mark_data(struct cycle *c)
{
    for (uint32_t number = watched.watches.count; watched.with_data && number; number--) {
        const struct watch *w = watch_at(number);
        if (w->flags & WATCH_DATA)
            mark(c, w->data);
    }
}

/* In a search for leaks what a finalizer will see is no leak, as it may free it, nor is what a
 * guardian will hand out. */
static void mark_finalizable(struct cycle *c)
{
    for (uint32_t number = 1; number <= watched.watches.count; number++) {
        const struct watch *w = watch_at(number);
        if (!(w->flags & (WATCH_GUARDED | WATCH_CALLED)))
            mark(c, w->object);
    }
}

/* Returns whether there were any whose guardians are reached. */
static bool mark_guarded(struct cycle *c)
{
    bool more = false;
    for (uint32_t number = watched.guarded ? watched.watches.count : 0; number;
         number--) {
        const struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_GUARDED) || is_reached(c->heap, w->object) ||
            !is_reached(c->heap, w->data))
            continue;
        mark(c, w->object);
        more = true;
    }
    drain(c);
    return more;
}

/* In a search for leaks what guardians may hand out is none, if they are reached. */
static void mark_kept(struct cycle *c)
{
    bool more = watched.kept.count > 0;
    while (more) {
        more = false;
        for (uint32_t number = watched.kept.count; number; number--) {
            const struct kept *k = table_at(&watched.kept, number);
            if (is_reached(c->heap, k->object) || !is_reached(c->heap, k->guardian))
                continue;
            mark(c, k->object);
            more = true;
        }
        drain(c);
    }
}

void watch_mark_ready(struct cycle *c)
{
    found.leaks = c->cause == CAUSE_LEAKS;
    mark_ready(c);
    if (found.leaks)
        mark_data(c), mark_finalizable(c);
    if (batch.count || found.leaks)
        drain(c);
    while (found.leaks && mark_guarded(c))
        continue;
    if (found.leaks)
        mark_kept(c);
}

/* What a finalizer is to have lives with its object, what a guardian may hand out with that. */
static void list(struct pairs *p)
{
    for (uint32_t number = watched.with_data ? watched.watches.count : 0; number;
         number--) {
        const struct watch *w = watch_at(number);
        if (w->flags & WATCH_DATA)
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

/* Its finalizer is to be called, once. */
static void take(struct watch *w)
{
    watch_set_flags(w, (w->flags & WATCH_DATA) | WATCH_READY);
    watched.ready_end = watched.watches.count;
    found.more = true;
}

/* Those that are not reached, all at once. */
static void take_unordered(struct cycle *c)
{
    uint32_t ready = watched.ready;
    for (uint32_t number = watched.watches.count; number; number--) {
        struct watch *w = watch_at(number);
        prefetch_ahead(c->heap, number);
        if (w->flags & WATCH_UNORDERED && !is_reached(c->heap, w->object))
            take(w);
    }
    if (watched.ready == ready)
        return;
    mark_ready(c);
    drain_pairs(c);
}

/* ---- Ordered ones ----------------------------------------------------------------------------- */

/* Of this cycle: how many were noted, all flags that one of them has, and the number of the last
 * watch that was asked whether it is one.  They are asked from the last one down. */
static struct {
    uint32_t count, asked;
    unsigned flags;
} candidates PRIVATE_DATA;

static bool is_ordered(const struct watch *w)
{
    return !(w->flags & (WATCH_UNORDERED | WATCH_GUARDED | WATCH_READY | WATCH_CALLED));
}

/* One that is reached again has nothing to wait for. */
static void note(const struct heap *h, struct watch *w)
{
    bool is_candidate = is_ordered(w) && !is_reached(h, w->object);
    w->flags &= is_candidate ? ~0u : ~(unsigned)WATCH_WAITS;
    w->flags |= is_candidate ? WATCH_CANDIDATE : 0;
    candidates.count += is_candidate;
    candidates.flags |= is_candidate ? w->flags : 0;
}

/* All, or as many as show that they are too many to be looked at one by one. */
static void note_candidates(const struct heap *h)
{
    uint32_t number = watched.watches.count;
    candidates.count = candidates.flags = 0;
    for (; number && (watched.some_wait || candidates.count <= ONE_BY_ONE); number--) {
        prefetch_ahead(h, number);
        note(h, watch_at(number));
    }
    candidates.asked = number + 1;
}

static void name_circle(const struct heap *h, struct watch *w)
{
    if (w->flags & WATCH_NAMED || found.count == NAMES)
        return;
    w->flags |= WATCH_NAMED;
    watched.some_wait = true;
    found.circles[found.count].object = w->object;
    found.circles[found.count++].size = lookup_cell(h, w->object).size;
}

/* What the candidate points to is marked, with what it needs for its finalizer; with `pushes`
 * by the next drain. */
static void scan_candidate(struct cycle *c, const struct watch *w, bool pushes)
{
    struct cell o = lookup_cell(c->heap, w->object);
    if (!pushes || !cycle_roots_push_object(c->marker, &o))
        cycle_roots_scan_object(&c->roots, c->marker, &o);
    if (w->flags & WATCH_DATA && w->data - o.address >= o.size)
        marker_scan_roots(c->marker, (uintptr_t)&w->data, (uintptr_t)(&w->data + 1));
}

/* Those that have one of these flags, one after the other. */
static void scan_one_by_one(struct cycle *c, unsigned flags)
{
    for (uint32_t number = 1; number <= watched.watches.count; number++) {
        struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_CANDIDATE) || !(w->flags & flags) ||
            is_reached(c->heap, w->object))
            continue;
        scan_candidate(c, w, false);
        marker_drain_alone(c->marker);
        if (is_reached(c->heap, w->object))
            name_circle(c->heap, w);
    }
}

/* Those that were noted, and those among the others, which what is scanned before them may have
 * led to by then: they have nothing to wait for. */
static void scan_all(struct cycle *c, bool pushes)
{
    unsigned scanned = 0;
    for (uint32_t number = watched.watches.count; number; number--) {
        struct watch *w = watch_at(number);
        prefetch_ahead(c->heap, number);
        if (number > AHEAD)
            __builtin_prefetch((const void *)watch_at(number - AHEAD)->object);
        if (number < candidates.asked)
            note(c->heap, w);
        if (!(w->flags & WATCH_CANDIDATE) || is_reached(c->heap, w->object))
            continue;
        scan_candidate(c, w, pushes);
        if (++scanned % TOGETHER == 0)
            marker_drain(c->marker);
    }
    drain_pairs(c);
}

/* After a mark-stack overflow once more. */
static void scan_together(struct cycle *c)
{
    uint32_t overflows = c->marker->overflows;
    scan_all(c, true);
    candidates.asked = 0;
    if (c->marker->overflows != overflows)
        scan_all(c, false);
}

/* What they and their data lead to is marked already: so one that is marked here keeps no other
 * from being taken. */
static void take_ordered(struct cycle *c)
{
    unsigned left = 0; /* flags of those that are not taken */
    for (uint32_t number = watched.watches.count; number; number--) {
        struct watch *w = watch_at(number);
        bool is_candidate = w->flags & WATCH_CANDIDATE;
        if (is_candidate && !is_reached(c->heap, w->object)) {
            take(w);
            mark(c, w->object);
        } else if (is_candidate) {
            w->flags &= ~(unsigned)WATCH_CANDIDATE;
            w->flags |= WATCH_WAITS;
        }
        left |= w->flags;
    }
    watched.some_wait = left & (WATCH_WAITS | WATCH_NAMED);
    drain_pairs(c);
}

/* Objects that were named before come first, so that others of their circles are not. */
static void scan_ordered(struct cycle *c)
{
    if (candidates.flags & WATCH_NAMED)
        scan_one_by_one(c, WATCH_NAMED);
    if (candidates.count <= ONE_BY_ONE)
        scan_one_by_one(c, WATCH_CANDIDATE);
    else if (candidates.flags & WATCH_WAITS)
        scan_one_by_one(c, WATCH_WAITS);
    scan_together(c);
}

/* ---- Guarded ones ------------------------------------------------------------------------------ */

/* Its guardian may hand it out. */
static void keep(uint32_t number)
{
    const struct watch *w = watch_at(number);
    table_add(&watched.kept, &(struct kept){.guardian = w->data, .object = w->object});
    watch_remove(number);
    found.more = true;
}

/* Returns whether there were any.  What an unreachable guardian guards is not its to keep.  Nothing
 * is marked until all are taken: an object may have several guardians, and each is to keep it. */
static bool take_guarded(struct cycle *c)
{
    uint32_t kept = watched.kept.count;
    for (uint32_t number = watched.watches.count; number; number--) {
        const struct watch *w = watch_at(number);
        prefetch_ahead(c->heap, number);
        if (!(w->flags & WATCH_GUARDED) || is_reached(c->heap, w->object) ||
            !is_reached(c->heap, w->data))
            continue;
        keep(number);
    }
    for (uint32_t number = kept + 1; number <= watched.kept.count; number++)
        mark(c, ((const struct kept *)table_at(&watched.kept, number))->object);
    drain_pairs(c);
    return watched.kept.count > kept;
}

void watch_find_candidates(struct cycle *c)
{
    const struct table *t = &watched.watches;
    candidates.count = 0;
    if (watched.unordered)
        take_unordered(c);
    if (t->count == t->struck_out + watched.unordered + watched.guarded + watched.ready)
        return;
    note_candidates(c->heap);
    if (candidates.count > 0)
        scan_ordered(c);
}

void watch_take_unreachable(struct cycle *c)
{
    if (candidates.count > 0)
        take_ordered(c);
    while (watched.guarded && take_guarded(c))
        continue;
}

/* ---- For option verify -------------------------------------------------------------------------- */

void watch_verify(struct naive *n)
{
    for (uint32_t number = watched.kept.count; number; number--) {
        const struct kept *k = table_at(&watched.kept, number);
        if (naive_has_reached(n, k->guardian))
            naive_reach(n, k->object);
    }
    for (uint32_t number = watched.watches.count; number; number--) {
        const struct watch *w = watch_at(number);
        bool guarded = w->flags & WATCH_GUARDED;
        if (w->flags & WATCH_CALLED)
            continue;
        if (w->flags & (WATCH_WAITS | WATCH_READY) ||
            (found.leaks && (!guarded || naive_has_reached(n, w->data))))
            naive_reach(n, w->object);
        if (w->flags & WATCH_DATA && (found.leaks || naive_has_reached(n, w->object)))
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

void watch_note_more(void)
{
    found.more = true;
}

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
