/* Marking what watched objects keep that wait for the program; in a search for leaks, all that has a
 * finalizer or a guardian. */
#include "object/watch_mark.h"

#include "collect/cycle.h"
#include "heap/heap.h"
#include "object/reached.h"
#include "object/watch.h"

enum { WORDS = 64 }; /* addresses that a marker gathers */

/* The cycle looks for leaks. */
static bool looks_for_leaks PRIVATE_DATA;

bool watch_looks_for_leaks(void)
{
    return looks_for_leaks;
}

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

void watch_mark(struct cycle *c, uintptr_t address)
{
    if (batch.count == sizeof batch.words / sizeof batch.words[0])
        mark_batch(c);
    batch.words[batch.count++] = address;
}

static void mark_ready_part(struct share *s, struct marker *m, uint32_t first,
                            uint32_t end)
{
    uintptr_t words[WORDS];
    size_t count = 0;
    (void)s;
    for (uint32_t number = first; number < end; number++) {
        const struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_READY))
            continue;
        if (count > WORDS - 2) {
            marker_mark_words(m, words, count);
            count = 0;
        }
        words[count++] = w->object;
        if (w->flags & WATCH_DATA)
            words[count++] = w->data;
    }
    marker_mark_words(m, words, count);
}

/* Finalizers that are ready are to find their objects, and their data. */
void watch_mark_all_ready(struct cycle *c)
{
    struct share s = share_of(mark_ready_part, 1, watched.watches.count + 1);
    if (watched.ready > 0)
        marker_share(c->marker, &s);
}

/* And all that they lead to. */
void watch_drain(struct cycle *c)
{
    mark_batch(c);
    cycle_roots_drain(&c->roots, c->marker);
}

/* ---- Searches for leaks --------------------------------------------------------------------- */

/* In a search for leaks, which comes before what lives with something else is marked, data that
 * finalizers will be called with is no leak. */
static void mark_data(struct cycle *c)
{
    for (uint32_t number = watched.watches.count; watched.with_data && number; number--) {
        const struct watch *w = watch_at(number);
        if (w->flags & WATCH_DATA)
            watch_mark(c, w->data);
    }
}

/* In a search for leaks what a finalizer will see is no leak, as it may free it, nor is what a
 * guardian will hand out. */
static void mark_finalizable(struct cycle *c)
{
    for (uint32_t number = 1; number <= watched.watches.count; number++) {
        const struct watch *w = watch_at(number);
        if (!(w->flags & (WATCH_GUARDED | WATCH_CALLED)))
            watch_mark(c, w->object);
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
        watch_mark(c, w->object);
        more = true;
    }
    watch_drain(c);
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
            watch_mark(c, k->object);
            more = true;
        }
        watch_drain(c);
    }
}

void watch_mark_ready(struct cycle *c)
{
    looks_for_leaks = c->cause == CAUSE_LEAKS;
    watch_mark_all_ready(c);
    if (looks_for_leaks)
        mark_data(c), mark_finalizable(c);
    if (watched.ready || looks_for_leaks)
        watch_drain(c);
    while (looks_for_leaks && mark_guarded(c))
        continue;
    if (looks_for_leaks)
        mark_kept(c);
}
