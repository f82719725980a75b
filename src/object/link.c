/* Weak links: a table of all of them, found by the word and by the object, and two passes over it
 * in each cycle, which the markers share.  The second one, after finalizers, is left out if the
 * first one has seen that there is nothing for it to do.
 *
 * A link whose word lies in an object of the heap goes with that.  Both objects are noted, so
 * that the links of one that is freed by hand are never looked at again. */
#include "object/counted.h"
#include "object/link.h"

#include <config.h>
#include <errno.h>
#include <gcalloc/weak.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/table.h"
#include "collect/cycle.h"
#include "heap/heap.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "object/capability.h"
#include "object/reached.h"

enum {
    AHEAD = 32, /* entries whose state bytes are on their way to the cache */
    /* In the lowest bits of a place, which are no part of the address: */
    IS_LONG = 1, /* it is cleared after finalization */
    BITS = 7,
};

struct link {
    uintptr_t place, object; /* addresses of the word and of the object */
    uint32_t next, next_of_object;
};

enum { BY_PLACE, BY_OBJECT };

/* Under the lock, which is taken in critical sections; a cycle needs none. */
static struct {
    struct lock lock;
    struct table links;
    bool again; /* cycle: there may be more to do after finalization.  Atomic */
} state PRIVATE_DATA = {
    .links = TABLE_OF_TWO(struct link, place, next, object, next_of_object),
};

static void lock(void)
{
    critical_take(&state.lock, RANK_OBJECT);
}

static void unlock(void)
{
    critical_release(&state.lock, RANK_OBJECT);
}

static struct link *link_at(uint32_t number)
{
    return table_at(&state.links, number);
}

static void **place_of(const struct link *l)
{
    return (void **)(l->place & ~(uintptr_t)BITS);
}

/* ---- In a cycle ------------------------------------------------------------------------------- */

/* A pass; and what a part of it has found. */
struct pass {
    struct share share;
    const struct heap *h;
    bool finalized;
};

struct findings {
    uint32_t struck_out;
    bool again;
};

/* What becomes of a link.  Its word is cleared even if it goes itself, too: a finalizer may see
 * it. */
static void judge(const struct pass *p, struct findings *found, uint32_t number)
{
    const struct heap *h = p->h;
    const struct link *l = link_at(number);
    if (!table_has(&state.links, number))
        return;
    bool contained = is_reached(h, l->place);
    bool ends = !is_reached(h, l->object) || (p->finalized && counted_ends(h, l->object));
    bool clears = ends && (p->finalized || !(l->place & IS_LONG));
    if (clears)
        *place_of(l) = NULL;
    else
        found->again |= !contained || (l->place & IS_LONG);
    if (clears || (p->finalized && !contained)) {
        table_strike(&state.links, number);
        found->struck_out++;
    }
}

/* Of a link to a living object, whose word is outside of the heap and short, nothing becomes, and such are
 * the most: the others are judged one by one. */
static bool stays(const struct heap *h, const struct link *l, const uint8_t *object)
{
    return object && *object == h->numbers->mark && !(l->place & IS_LONG) &&
           l->place - h->base >= h->bytes;
}

/* The state byte of its object is on its way to the cache, and that of the object around its word, if there
 * is one.  Returns the first. */
INLINE const uint8_t *look_ahead(const struct heap *h, const struct link *l)
{
    const uint8_t *object = reached_state(h, l->object);
    __builtin_prefetch(object);
    if (l->place - h->base < h->bytes)
        reached_prefetch(h, l->place);
    return object;
}

static void judge_part(struct share *s, struct marker *m, uint32_t first, uint32_t end)
{
    const struct pass *p = (const struct pass *)s;
    const struct heap *h = p->h;
    const uint8_t *ahead[AHEAD];
    const struct link *links = link_at(0);
    struct findings found = {0, false};
    bool judges_all = counted_found > 0;
    (void)m;
    for (; first < end; first += AHEAD) {
        uint32_t count = (uint32_t)min_size(AHEAD, end - first);
        for (uint32_t i = 0; i < count; i++)
            ahead[i] = look_ahead(h, &links[first + i]);
        for (uint32_t i = 0; i < count; i++)
            if (judges_all || !stays(h, &links[first + i], ahead[i]))
                judge(p, &found, first + i);
    }
    table_were_struck(&state.links, found.struck_out);
    if (found.again)
        __atomic_store_n(&state.again, true, __ATOMIC_RELAXED);
}

static void pass(const struct cycle *c, bool finalized)
{
    struct pass p = {share_of(judge_part, 1, state.links.count + 1), c->heap, finalized};
    marker_share(c->marker, &p.share);
}

static void clear_short(struct cycle *c)
{
    state.again = false;
    if (state.links.count > 0)
        pass(c, false);
}

static void clear_long(struct cycle *c)
{
    if (state.again)
        pass(c, true);
}

static void check(struct cycle *c)
{
    (void)c;
    if (!GC_CHECKING)
        return;
    table_check(&state.links);
    for (uint32_t number = 1; number <= state.links.count; number++) {
        const struct link *l = link_at(number);
        if (!table_has(&state.links, number))
            continue;
        CHECK(place_of(l) != NULL);
        CHECK(table_find(&state.links, BY_PLACE, l->place) == number);
        CHECK(is_reached(c->heap, l->object) && is_reached(c->heap, l->place));
    }
}

/* ---- Objects that are freed or move ------------------------------------------------------------- */

/* Calls what(number, by) for each link whose word lies in the object.  It may remove the link, or
 * change its place to one outside. */
static void for_contained(const struct cell *o,
                          void (*what)(uint32_t number, uintptr_t by), uintptr_t by)
{
    size_t words = o->size / sizeof(void *);
    if (words < state.links.count) {
        for (size_t i = 0; i < words; i++) {
            uint32_t number =
                table_find(&state.links, BY_PLACE, o->address + i * sizeof(void *));
            if (number)
                what(number, by);
        }
        return;
    }
    for (uint32_t number = state.links.count; number; number--)
        if (table_has(&state.links, number) &&
            link_at(number)->place - o->address < o->size)
            what(number, by);
}

static void forget(uint32_t number, uintptr_t unused)
{
    (void)unused;
    table_remove(&state.links, number);
}

static void forget_from(uint32_t number, uintptr_t end)
{
    if (link_at(number)->place >= end)
        table_remove(&state.links, number);
}

static void shrinks(const struct cell *o, size_t size)
{
    lock();
    for_contained(o, forget_from, o->address + size);
    unlock();
}

static void shift(uint32_t number, uintptr_t by)
{
    table_set_key(&state.links, number, BY_PLACE, link_at(number)->place + by);
}

static void freed(const struct cell *o)
{
    uint32_t number;
    lock();
    while ((number = table_find(&state.links, BY_OBJECT, o->address))) {
        *place_of(link_at(number)) = NULL;
        table_remove(&state.links, number);
    }
    for_contained(o, forget, 0);
    unlock();
}

/* Words that point into the object go on doing so. */
static void follow(uint32_t number, const struct cell *from, uintptr_t to)
{
    void **place = place_of(link_at(number));
    uintptr_t word = (uintptr_t)*place;
    if (word - from->address < from->size)
        *place = (void *)(word - from->address + to);
    table_set_key(&state.links, number, BY_OBJECT, to);
}

static void see(uint32_t number, uintptr_t seen)
{
    (void)number;
    *(bool *)seen = true;
}

/* Some link leads to the object, or lies in it. */
static bool is_known(const struct cell *o)
{
    bool known = false;
    lock();
    for_contained(o, see, (uintptr_t)&known);
    known = known || table_find(&state.links, BY_OBJECT, o->address);
    unlock();
    return known;
}

/* First the links that lie in it: their words were copied, but for those that have no room in a
 * smaller object.  Where the program's handler for the
 * end of memory gave `to`, nothing follows. */
static void moved(const struct cell *from, uintptr_t to)
{
    uint32_t number;
    struct cell o;
    if (!is_known(from) || !capability_note((void *)to, &o))
        return;
    lock();
    for_contained(from, forget_from, from->address + o.size);
    for_contained(from, shift, to - from->address);
    while ((number = table_find(&state.links, BY_OBJECT, from->address)))
        follow(number, from, to);
    unlock();
}

/* ---- Adding and removing ------------------------------------------------------------------------- */

static struct phase phases[] PRIVATE_DATA = {
    {.rank = PHASE_WEAK, .run = clear_short},
    {.rank = PHASE_WEAK_LONG, .run = clear_long},
    {.rank = PHASE_CHECK, .run = check},
};

static struct capability linking PRIVATE_DATA = {
    .phases = phases,
    .phase_count = sizeof phases / sizeof phases[0],
    .freed = freed,
    .moved = moved,
    .shrinks = shrinks,
};

static bool add(const struct link *l)
{
    uint32_t number = table_find(&state.links, BY_PLACE, l->place);
    if (!number)
        return table_add(&state.links, l);
    link_at(number)->place = l->place;
    table_set_key(&state.links, number, BY_OBJECT, l->object);
    return true;
}

int link_add(void **place, void *object, unsigned flags)
{
    struct cell o, container;
    struct link l = {.place = (uintptr_t)place | (flags & GC_WEAK_LONG ? IS_LONG : 0u)};
    if (!place || (uintptr_t)place % sizeof *place != 0 || (flags & ~GC_WEAK_LONG) ||
        !capability_note_named(object, &o))
        return EINVAL;
    capability_begin(&linking);
    if (object_around(place, &container))
        capability_note((void *)container.address, &container);
    l.object = o.address;
    lock();
    bool added = add(&l);
    unlock();
    return added ? 0 : ENOMEM;
}

void *link_take(void *const *place, bool (*take)(void *object))
{
    lock();
    void *object = __atomic_load_n(place, __ATOMIC_RELAXED);
    if (object && !take(object))
        object = NULL;
    unlock();
    return object;
}

static int finish(int error)
{
    mutator_leave();
    return error ? errno = error, -1 : 0;
}

int gc_weak_link_add(void **link, void *object, unsigned flags)
{
    if (!mutator_enter())
        return -1;
    return finish(link_add(link, object, flags));
}

int gc_weak_link_remove(void **link)
{
    if (!mutator_enter())
        return -1;
    lock();
    uint32_t number =
        (uintptr_t)link & BITS ? 0 : table_find(&state.links, BY_PLACE, (uintptr_t)link);
    if (number)
        table_remove(&state.links, number);
    unlock();
    return finish(number ? 0 : ENOENT);
}
