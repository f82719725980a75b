/* The phases of guarded objects.
 *
 * Guardians know no order: of a circle of guarded objects each is handed out.  So an object counts as
 * marked while what the guarded ones point to is scanned, and not any more afterwards.  What they lead
 * to otherwise, as objects with finalizers and counted ones, is marked from then on, and is still whole when
 * the program fetches who leads there.  Whether one of those leads to a guarded object shows before it is
 * taken: then it waits for a later cycle. */
#include "object/guarded.h"

#include "collect/cycle.h"
#include "heap/heap.h"
#include "object/pairs.h"
#include "object/reached.h"
#include "object/watch_find.h"
#include "object/watch_mark.h"

static void drain(struct cycle *c)
{
    watch_drain(c);
    pairs_settle();
}

/* Its guardian is to keep it.  What an unreachable guardian guards is not its to keep. */
static bool is_guardians(const struct heap *h, const struct watch *w)
{
    return w->flags & WATCH_GUARDED && !is_reached(h, w->object) &&
           is_reached(h, w->data);
}

/* ---- What they lead to --------------------------------------------------------------------- */

static uint8_t *state_of(const struct heap *h, const struct watch *w)
{
    return h->states + (reached_state(h, w->object) - h->states);
}

/* It counts as marked.  Only one of several watches of an object has the flag. */
static void lend_mark(const struct heap *h, struct watch *w)
{
    uint8_t *state = state_of(h, w);
    w->flags |= WATCH_LENT | (*state == STATE_NEW ? WATCH_LENT_NEW : 0);
    *state = h->numbers->mark;
}

static void take_back_mark(const struct heap *h, struct watch *w)
{
    uint8_t stale = (uint8_t)(STATE_MARK_A + STATE_MARK_B - h->numbers->mark);
    *state_of(h, w) = w->flags & WATCH_LENT_NEW ? STATE_NEW : stale;
    w->flags &= ~(unsigned)(WATCH_LENT | WATCH_LENT_NEW);
}

/* Returns whether there were any: what they lead to may be another guardian. */
static bool scan_some(struct cycle *c)
{
    bool some = false;
    watch_search(c, is_guardians);
    for (uint32_t number = watched.watches.count + 1; (number = watch_below(number));) {
        struct watch *w = watch_at(number);
        if (!is_guardians(c->heap, w))
            continue;
        struct cell o = lookup_cell(c->heap, w->object);
        lend_mark(c->heap, w);
        cycle_roots_scan_object(&c->roots, c->marker, &o);
        some = true;
    }
    drain(c);
    return some;
}

void guarded_scan(struct cycle *c)
{
    bool some = false;
    while (watched.guarded && scan_some(c))
        some = true;
    if (!some)
        return;
    watch_search_flags(c, WATCH_LENT);
    for (uint32_t number = watched.watches.count + 1; (number = watch_below(number));)
        take_back_mark(c->heap, watch_at(number));
}

/* ---- Keeping them ----------------------------------------------------------------------------- */

/* Its guardian may hand it out. */
static void keep(uint32_t number)
{
    const struct watch *w = watch_at(number);
    table_add(&watched.kept, &(struct kept){.guardian = w->data, .object = w->object});
    watch_remove(number);
    watch_note_more();
}

/* Returns whether there were any.  Nothing is marked until all are taken: an object may have several
 * guardians, and each is to keep it. */
static bool take_some(struct cycle *c)
{
    uint32_t kept = watched.kept.count;
    watch_search(c, is_guardians);
    for (uint32_t number = watched.watches.count + 1; (number = watch_below(number));)
        keep(number);
    for (uint32_t number = kept + 1; number <= watched.kept.count; number++)
        watch_mark(c, ((const struct kept *)table_at(&watched.kept, number))->object);
    drain(c);
    return watched.kept.count > kept;
}

void guarded_take(struct cycle *c)
{
    while (watched.guarded && take_some(c))
        continue;
}

/* ---- Guardians that are gone -------------------------------------------------------------------- */

static bool has_no_guardian(const struct heap *h, const struct watch *w)
{
    return w->flags & WATCH_GUARDED &&
           !(is_reached(h, w->data) && is_reached(h, w->object));
}

void watch_drop_guardians(struct cycle *c)
{
    watch_search(c, has_no_guardian);
    for (uint32_t number = watched.guarded ? watched.watches.count + 1 : 1;
         (number = watch_below(number));)
        watch_remove(number);
    for (uint32_t number = watched.kept.count; number; number--) {
        const struct kept *k = table_at(&watched.kept, number);
        if (!is_reached(c->heap, k->guardian))
            table_remove(&watched.kept, number);
    }
}
