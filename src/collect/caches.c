/* Walks over the caches of all threads, in a pause as a rule. */
#include "collect/caches.h"

#include "base/check.h"
#include "base/lock.h"
#include "heap/cache.h"
#include "heap/extent.h"
#include "world/lock.h"
#include "world/thread.h"

/* The cache of the thread after this one: that which it works with, the spare one, and those that
 * handlers have set aside.  NULL stands for none, before the first as after the last. */
static struct cache *after(const struct mutator *t, const struct cache *c)
{
    if (!c && t->cache)
        return t->cache;
    if ((!c || c == t->cache) && t->spare)
        return t->spare;
    return !c || c == t->cache || c == t->spare ? t->aside : c->next;
}

#define CACHES(t, c)                  \
    struct cache *c = after(t, NULL); \
    c;                                \
    c = after(t, c)

/* Gives back the unit runs of a thread's caches: the units that the sweep frees have
 * memory already, unlike those. */
static void give_unit_runs_back(struct heap *h, const struct mutator *t)
{
    for (CACHES(t, c))
        if (c->heap == h)
            extent_give_unit_run(h, &c->unit_run);
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

void caches_give_back(struct heap *h, enum caches_emptied emptied)
{
    lock_check_held(RANK_WORLD);
    for (MUTATORS(t)) {
        struct cache *c = t->cache;
        bool chosen =
            emptied == CACHES_ALL || (emptied == CACHES_OWN && t == thread_self);
        bool idle = t != thread_self && c && !c->used;
        give_unit_runs_back(h, t);
        if (c && c->heap == h && !t->in_fast_path)
            give_slots_back(c, chosen || idle);
    }
}

/* A thread that has just begun may be setting what is read here. */
READS_RACING bool caches_are_several(const struct heap *h)
{
    size_t count = 0;
    world_lock();
    for (MUTATORS(t))
        count += t->cache && t->cache->heap == h;
    world_unlock();
    return count > 1;
}

/* Checks that a thread has each of its caches in one place. */
static void check_places(const struct mutator *t)
{
    unsigned aside = 0;
    CHECK(!t->cache || t->cache != t->spare);
    for (const struct cache *c = t->aside; c; c = c->next) {
        CHECK(c != t->cache && c != t->spare);
        CHECK(aside < t->aside_count);
        aside++;
    }
    CHECK(aside == t->aside_count);
}

struct caches_held caches_check(const struct heap *h)
{
    struct caches_held held = {.in_flight = registry_lost_count() - 1};
    for (MUTATORS(t)) {
        check_places(t);
        for (CACHES(t, c))
            if (c->heap == h)
                held.slots += cache_check(c);
        held.in_flight += thread_lives(t) + t->aside_count;
    }
    return held;
}
