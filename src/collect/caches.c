/* Walks over the caches of all threads in a pause. */
#include "collect/caches.h"

#include "base/check.h"
#include "base/lock.h"
#include "heap/cache.h"
#include "heap/extent.h"
#include "world/thread.h"

enum { CACHES_MOST = 2 + ASIDE_MOST }; /* most caches of one thread */

static unsigned add(const struct heap *h, struct cache *c, struct cache **found)
{
    if (!c || c->heap != h)
        return 0;
    *found = c;
    return 1;
}

/* Stores the caches that a thread has of this heap; returns how many. */
static unsigned caches_of(const struct heap *h, const struct mutator *t,
                          struct cache *found[CACHES_MOST])
{
    unsigned count = add(h, t->cache, found);
    count += add(h, t->spare, found + count);
    for (unsigned i = 0; i < t->aside_count; i++)
        count += add(h, t->aside[i], found + count);
    return count;
}

/* Gives back the unit runs of a thread's caches: the units that the sweep frees have
 * memory already, unlike those. */
static void give_unit_runs_back(struct heap *h, const struct mutator *t)
{
    struct cache *caches[CACHES_MOST];
    for (unsigned i = caches_of(h, t, caches); i-- > 0;)
        extent_give_unit_run(h, &caches[i]->unit_run);
}

/* Empties a cache in whole, so that many idle threads do not hoard, or of what belongs to
 * other shards. */
static void give_slots_back(struct cache *c, bool all)
{
    if (all)
        cache_empty(c);
    else
        cache_empty_others(c);
    c->used = false;
}

void caches_give_back(struct heap *h, bool own)
{
    lock_check_held(RANK_WORLD);
    for (MUTATORS(t)) {
        struct cache *c = t->cache;
        give_unit_runs_back(h, t);
        if (c && c->heap == h && !t->in_fast_path)
            give_slots_back(c, t == thread_self ? own : !c->used);
    }
}

/* Checks that a thread has each of its caches in one place. */
static void check_places(struct cache *const *caches, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < i; j++)
            CHECK(caches[i] != caches[j]);
}

struct caches_held caches_check(const struct heap *h)
{
    struct cache *caches[CACHES_MOST];
    struct caches_held held = {.in_flight = registry_lost_count() - 1};
    for (MUTATORS(t)) {
        CHECK(t->aside_count <= ASIDE_MOST);
        unsigned count = caches_of(h, t, caches);
        check_places(caches, count);
        for (unsigned i = 0; i < count; i++)
            held.slots += cache_check(caches[i]);
        held.in_flight += thread_lives(t) + t->aside_count;
    }
    return held;
}
