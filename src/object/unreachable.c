/* The phases that find watched objects unreachable.
 *
 * Objects without order come first: those that are not marked are taken all at once, and marked
 * with all that they reach.  Then the ordered ones: all candidates, those that are not marked
 * yet, have what they point to marked, but not themselves.  So what is still unmarked afterwards
 * is reached by no candidate, and is taken; the others wait for a later cycle (this is how the
 * Boehm collector orders finalizers, too: Boehm, "Destructors, finalizers, and synchronization",
 * POPL 2003).  A candidate that its own contents lead to can never be taken, and is named.  Before
 * any is taken what guarded objects lead to is marked (guarded.c), then what lives with candidates, as
 * values of weak maps, and counted objects that are unmarked yet are found, and what they lead to is marked
 * (counted_dead.c), so that the order holds among all kinds.  What is unmarked even then goes to its
 * guardians.
 *
 * Whether a candidate leads to itself shows only where candidates are looked at one by one.
 * That is done with few of them, and with those that were left over by an earlier cycle.
 *
 * The markers share what is done for all watches, and marking; what is done for candidates until one
 * is taken, and for guarded objects that are, has an order, and is done by the thread of the pause. */
#include "base/log.h"
#include "collect/cycle.h"
#include "collect/naive.h"
#include "heap/heap.h"
#include "mutator/hooks.h"
#include "mutator/site.h"
#include "object/guarded.h"
#include "object/pairs.h"
#include "object/reached.h"
#include "object/watch_find.h"
#include "object/watch_mark.h"
#include "world/stop.h"

enum {
    AHEAD = 8,          /* entries whose state bytes are on their way to the cache */
    ONE_BY_ONE = 10000, /* candidates at most, unless they wait */
    NAMES = 16,         /* circles that one cycle names */
    TOGETHER = 65536,   /* objects that markers share the scanning of */
    WORDS = 64,         /* addresses that a marker gathers */
};

/* Of the cycles since it was told last.  Under the world lock. */
static struct findings {
    struct {
        uintptr_t object;
        size_t size;
        uint32_t stack; /* that allocated it; 0: not recorded */
    } circles[NAMES];
    unsigned count;
} found PRIVATE_DATA;

/* ---- Marking ------------------------------------------------------------------------------ */

/* With what lives with that: an ephemeron's value is reached by who reaches its key, as is the
 * data of a finalizer by who reaches its object, and both count for the order. */
static void drain_pairs(struct cycle *c)
{
    watch_drain(c);
    pairs_settle();
}

/* What a finalizer is to have lives with its object, what a guardian may hand out with that. */
static bool get_data(const struct pair_list *l, uint32_t index, struct pair_words *words)
{
    const struct watch *w = watch_at(index + 1);
    (void)l;
    *words = (struct pair_words){.key = w->object, .value = w->data};
    return w->flags & WATCH_DATA;
}

static void list_data(struct pairs *p)
{
    struct pair_list all = {.count = watched.watches.count, .get = get_data};
    for (uint32_t number = pairs_add_list(p, &all) + 1; number <= all.count; number++) {
        const struct watch *w = watch_at(number);
        if (w->flags & WATCH_DATA)
            pairs_add(p, w->object, w->data);
    }
}

static void list(struct pairs *p)
{
    if (watched.with_data > 0)
        list_data(p);
    for (uint32_t number = 1; number <= watched.kept.count; number++) {
        const struct kept *k = table_at(&watched.kept, number);
        pairs_add(p, k->guardian, k->object);
    }
}

struct pair_source watch_pairs PRIVATE_DATA = {.list = list};

/* ---- Objects without order ------------------------------------------------------------------- */

/* A pass in which finalizers become ready, to be called once. */
struct taking {
    struct share share;
    const struct heap *h;
    uint32_t taken; /* atomic, as is the next */
    unsigned left;  /* flags of ordered ones that are not taken */
};

static void take_unordered_part(struct share *s, struct marker *m, uint32_t first,
                                uint32_t end)
{
    struct taking *t = (struct taking *)s;
    uint32_t taken = 0;
    (void)m;
    for (uint32_t number = first; number < end; number++) {
        struct watch *w = watch_at(number);
        if (number + AHEAD < end)
            reached_prefetch(t->h, watch_at(number + AHEAD)->object);
        if (!(w->flags & WATCH_UNORDERED) || is_reached(t->h, w->object))
            continue;
        watch_make_ready(w);
        taken++;
    }
    __atomic_fetch_add(&t->taken, taken, __ATOMIC_RELAXED);
}

/* Those that are not reached, all at once: what they lead to is marked when all are taken. */
static void take_unordered(struct cycle *c)
{
    struct taking t = {.share =
                           share_of(take_unordered_part, 1, watched.watches.count + 1),
                       .h = c->heap};
    marker_share(c->marker, &t.share);
    watch_were_made_ready(0, t.taken);
    if (t.taken == 0)
        return;
    watch_note_more();
    watch_mark_all_ready(c);
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

/* It is to be noted, or to be scanned. */
static bool may_be_candidate(const struct heap *h, const struct watch *w)
{
    return w->flags & (WATCH_CANDIDATE | WATCH_WAITS) ||
           (is_ordered(w) && !is_reached(h, w->object));
}

/* All, or as many as show that they are too many to be looked at one by one. */
static void note_candidates(struct cycle *c)
{
    uint32_t number = watched.watches.count + 1;
    candidates.count = candidates.flags = 0;
    watch_search(c, may_be_candidate);
    while ((watched.some_wait || candidates.count <= ONE_BY_ONE) &&
           (number = watch_below(number)))
        note(c->heap, watch_at(number));
    candidates.asked = number ? number : 1;
}

static void name_circle(const struct heap *h, struct watch *w)
{
    if (w->flags & WATCH_NAMED || found.count == NAMES)
        return;
    struct cell o = lookup_cell(h, w->object);
    w->flags |= WATCH_NAMED;
    watched.some_wait = true;
    found.circles[found.count].object = o.address;
    found.circles[found.count].stack = site_stack(&o);
    found.circles[found.count++].size = o.size;
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
    watch_search_flags(c, flags);
    for (uint32_t number = 0; (number = watch_above(number));) {
        struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_CANDIDATE) || is_reached(c->heap, w->object))
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
    watch_search(c, may_be_candidate);
    for (uint32_t number = watched.watches.count + 1; (number = watch_below(number));) {
        struct watch *w = watch_at(number);
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

/* Returns whether it is taken. */
static bool take_candidate(const struct heap *h, struct watch *w)
{
    if (!(w->flags & WATCH_CANDIDATE))
        return false;
    if (!is_reached(h, w->object)) {
        watch_make_ready(w);
        return true;
    }
    w->flags &= ~(unsigned)WATCH_CANDIDATE;
    w->flags |= WATCH_WAITS;
    return false;
}

static void take_ordered_part(struct share *s, struct marker *m, uint32_t first,
                              uint32_t end)
{
    struct taking *t = (struct taking *)s;
    uintptr_t words[WORDS];
    size_t count = 0;
    uint32_t taken = 0;
    unsigned left = 0;
    for (uint32_t number = first; number < end; number++) {
        struct watch *w = watch_at(number);
        bool takes = take_candidate(t->h, w);
        left |= takes ? 0 : w->flags;
        if (!takes)
            continue;
        words[count++] = w->object;
        taken++;
        if (count == WORDS) {
            marker_mark_words(m, words, count);
            count = 0;
        }
    }
    marker_mark_words(m, words, count);
    __atomic_fetch_add(&t->taken, taken, __ATOMIC_RELAXED);
    __atomic_fetch_or(&t->left, left, __ATOMIC_RELAXED);
}

/* What they and their data lead to is marked already: so one that is marked here keeps no other
 * from being taken. */
static void take_ordered(struct cycle *c)
{
    struct taking t = {.share = share_of(take_ordered_part, 1, watched.watches.count + 1),
                       .h = c->heap};
    marker_share(c->marker, &t.share);
    watch_were_made_ready(t.taken, 0);
    if (t.taken > 0)
        watch_note_more();
    watched.some_wait = t.left & (WATCH_WAITS | WATCH_NAMED);
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

/* A candidate that is left, and nothing has led to. */
struct next_left {
    const struct heap *h;
    uint32_t number;
};

static uintptr_t next_left(void *argument)
{
    struct next_left *n = argument;
    while ((n->number = watch_below(n->number))) {
        const struct watch *w = watch_at(n->number);
        if (w->flags & WATCH_CANDIDATE && !is_reached(n->h, w->object))
            return w->object;
    }
    return 0;
}

/* A finalizer finds values that live with its object, as of a weak map, as it left them.  Values may lead back
 * to their keys, and these do not wait for themselves. */
static void scan_values(struct cycle *c)
{
    struct next_left n = {c->heap, watched.watches.count + 1};
    watch_search_flags(c, WATCH_CANDIDATE);
    pairs_settle_for(next_left, &n);
    watch_drain(c);
}

/* ---- A cycle --------------------------------------------------------------------------------- */

static bool has_ordered(void)
{
    const struct table *t = &watched.watches;
    return t->count !=
           t->struck_out + watched.unordered + watched.guarded + watched.ready;
}

void watch_find_candidates(struct cycle *c)
{
    candidates.count = 0;
    if (watched.unordered)
        take_unordered(c);
    if (has_ordered())
        note_candidates(c);
    if (candidates.count > 0)
        scan_ordered(c);
    guarded_scan(c);
    if (candidates.count > 0 && pairs_wait(&watch_pairs))
        scan_values(c);
}

void watch_take_unreachable(struct cycle *c)
{
    if (candidates.count > 0)
        take_ordered(c);
    guarded_take(c);
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
            (watch_looks_for_leaks() && (!guarded || naive_has_reached(n, w->data))))
            naive_reach(n, w->object);
        if (w->flags & WATCH_DATA &&
            (watch_looks_for_leaks() || naive_has_reached(n, w->object)))
            naive_reach(n, w->data);
    }
}

/* ---- What is said ---------------------------------------------------------------------------- */

bool watch_tell(void)
{
    struct findings told;
    bool taken = world_hold(), more = watched.more;
    told = found;
    found.count = 0;
    watched.more = false;
    world_let_go(taken);
    for (unsigned i = 0; i < told.count; i++) {
        log_line("the object at %p (%zu bytes) has a finalizer and reaches itself: it is "
                 "never finalised, but with the flag GC_UNORDERED",
                 (void *)told.circles[i].object, told.circles[i].size);
        if (told.circles[i].stack)
            report_hooks.log_allocated_by(told.circles[i].stack);
    }
    return more;
}
