/* Brackets, and the gate in front of them.
 *
 * A bracket begins with a store to the thread's own line and a look at the gate, in that order for
 * everybody; who collects closes the gate and then looks at the lines.  So either sees the other.  Who
 * leaves a bracket wakes nobody: the collecting process looks again after a while, which costs it more
 * than a bracket may cost. */
#include <errno.h>
#include <pthread.h>

#include "base/critical.h"
#include "base/futex.h"
#include "base/meta.h"
#include "heap/arena.h"
#include "heap/cache.h"
#include "mutator/init.h"
#include "region/region.h"

/* Nanoseconds after which a thread at the gate looks whether who closed it lives. */
enum { LOOK_AFTER = 20 * 1000 * 1000 };

__thread struct region_use *region_uses;
void (*region_recover_hook)(gc_region *r) PRIVATE_DATA;

/* ---- A thread comes and goes ---------------------------------------------------------------------- */

static pthread_key_t exit_key PRIVATE_DATA;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;
static bool has_exit_key PRIVATE_DATA;

/* Nobody finds the use any more. */
static void take_off(struct region_use *u)
{
    struct region_use **place = &u->region->uses;
    while (*place && *place != u)
        place = &(*place)->next_of_region;
    if (*place)
        *place = u->next_of_region;
}

/* What the cache has goes back to the heap, if it still is the cache's.  A collection stops the thread
 * before or after it, and finds no cache then: it goes through those of all threads. */
static void drop_cache(struct region_use *u)
{
    if (!u->cache)
        return;
    critical_begin();
    lock_holder = u->number;
    cache_destroy(u->cache);
    u->cache = NULL;
    critical_end();
}

/* The thread may have been in a bracket: what it had there is anybody's.  What its cache had is free after
 * the next collection at the latest.  The regions' lock is held, so that nobody closes the region. */
static void end_use(struct region_use *u)
{
    if (!u->region || !u->slot || !region_is_whole(u->region))
        return;
    if (u->cache && u->depth == 0 && !region_enter_at_once(u))
        cache_forget(u->cache);
    drop_cache(u);
    region_exit(u);
    region_give_slot(u->slot);
}

/* What the C library's exit of a thread does for its uses. */
static void end_uses(void *first)
{
    for (struct region_use *u = first, *next; u; u = next) {
        next = u->next;
        regions_lock();
        end_use(u);
        if (u->region)
            take_off(u);
        regions_unlock();
        meta_free(u, sizeof *u);
    }
    region_uses = NULL;
}

static void make_exit_key(void)
{
    has_exit_key = pthread_key_create(&exit_key, end_uses) == 0;
}

static bool begin_use(struct region_use *u)
{
    gc_region *r = u->region;
    pthread_once(&exit_once, make_exit_key);
    if (!region_join(r, u))
        return false;
    u->cache = cache_create(&r->heap);
    if (!u->cache) {
        region_give_slot(u->slot);
        u->slot = NULL;
        return region_fail(ENOMEM, "%s: no memory for a thread", r->name) == 0;
    }
    u->epoch = __atomic_load_n(&r->header->epoch, __ATOMIC_RELAXED);
    return true;
}

static struct region_use *add_use(gc_region *r)
{
    struct region_use *u = meta_alloc(ACCOUNT_REGIONS, sizeof *u);
    if (!u)
        return region_fail(ENOMEM, "no memory"), NULL;
    u->region = r;
    if (!begin_use(u)) {
        meta_free(u, sizeof *u);
        return NULL;
    }
    u->next = region_uses;
    region_uses = u;
    if (has_exit_key)
        pthread_setspecific(exit_key, u);
    regions_lock();
    u->next_of_region = r->uses;
    r->uses = u;
    regions_unlock();
    return u;
}

/* What was found comes to the front. */
NOINLINE static struct region_use *find_use(gc_region *r)
{
    for (struct region_use **place = &region_uses; *place; place = &(*place)->next) {
        struct region_use *u = *place;
        if (u->region != r)
            continue;
        *place = u->next;
        u->next = region_uses;
        region_uses = u;
        if (has_exit_key)
            pthread_setspecific(exit_key, u);
        return u;
    }
    return NULL;
}

NOINLINE struct region_use *region_other_use(gc_region *r)
{
    if (!region_is_open(r))
        return NULL;
    if (r->read_only)
        return region_fail(EPERM, "%s: it is open for reading only", r->name), NULL;
    if (!mutator_enter())
        return region_fail(errno, "no memory for a thread, or in a root callback"), NULL;
    struct region_use *u = find_use(r);
    if (!u)
        u = add_use(r);
    else if (!u->slot && !begin_use(u)) /* in the child of a fork */
        u = NULL;
    mutator_leave();
    return u;
}

struct region_use *region_outside(const gc_region *r, const struct region_use *u)
{
    if (u)
        region_fail(EPERM,
                    "%s: objects are used between gc_region_begin and gc_region_end only",
                    r->name);
    return NULL;
}

/* ---- Brackets ------------------------------------------------------------------------------------- */

NOINLINE static void wait_at_gate(struct region_use *u)
{
    gc_region *r = u->region;
    uint32_t *gate = &r->header->gate, closed;
    __atomic_store_n(&u->slot->active, 0, __ATOMIC_RELEASE);
    lock_holder = u->number;
    while ((closed = __atomic_load_n(gate, __ATOMIC_ACQUIRE)) != 0) {
        futex_wait_shared(gate, closed, LOOK_AFTER);
        if (region_gate_is_orphaned(r))
            region_recover_hook(r);
    }
}

/* The cache holds nothing any more. */
NOINLINE static void renew(struct region_use *u)
{
    critical_begin();
    cache_forget(u->cache);
    u->epoch = __atomic_load_n(&u->region->header->epoch, __ATOMIC_ACQUIRE);
    critical_end();
}

NOINLINE bool region_enter_slowly(struct region_use *u)
{
    const struct region_header *h = u->region->header;
    while (__atomic_load_n(&h->gate, __ATOMIC_SEQ_CST) != 0) {
        wait_at_gate(u);
        __atomic_exchange_n(&u->slot->active, 1, __ATOMIC_SEQ_CST);
    }
    if (u->epoch != __atomic_load_n(&h->epoch, __ATOMIC_ACQUIRE))
        renew(u);
    arena_look(&u->region->heap);
    if (LIKELY(__atomic_load_n(&h->stage, __ATOMIC_RELAXED) == REGION_WHOLE))
        return true;
    region_exit(u);
    return region_fail(ENOTRECOVERABLE, "%s is damaged: gc_region_check says how",
                       u->region->name) == 0;
}

void region_bury_uses(gc_region *r)
{
    for (struct region_use *u = r->uses; u; u = u->next_of_region)
        if (u->depth && region_is_gone(u->tid, u->start))
            u->depth = 0;
}

bool region_is_used_here(const gc_region *r)
{
    for (const struct region_use *u = r->uses; u; u = u->next_of_region)
        if (u->depth)
            return true;
    return false;
}

/* ---- The region is closed ------------------------------------------------------------------------ */

/* The calling thread's use of last; those of other threads go with them. */
static void forget_first(void)
{
    struct region_use *u = region_uses;
    region_uses = u->next;
    if (has_exit_key)
        pthread_setspecific(exit_key, region_uses);
    meta_free(u, sizeof *u);
}

/* The caller is in a bracket. */
static void drop_holds(gc_region *r, const struct region_use *self)
{
    region_lock(self, &r->header->hold_lock);
    region_drop_holds(r, r->member + 1);
    region_unlock(&r->header->hold_lock);
}

bool region_end_uses(gc_region *r)
{
    bool whole = region_is_whole(r);
    struct region_use *self = whole ? region_use(r) : find_use(r);
    bool entered = whole && self && region_enter(self);
    if (entered)
        drop_holds(r, self);
    regions_lock();
    for (struct region_use *u = r->uses, *next; u; u = next) {
        next = u->next_of_region;
        if (u->cache && whole && (!entered || u->epoch != r->header->epoch))
            cache_forget(u->cache);
        u->number = entered ? self->number : u->number;
        if (whole)
            drop_cache(u);
        u->region = NULL;
    }
    r->uses = NULL;
    regions_unlock();
    cache_release_kept(&r->heap);
    if (entered)
        region_exit(self);
    if (self)
        forget_first();
    return entered;
}

/* ---- fork ------------------------------------------------------------------------------------------ */

/* Only the calling thread is left, in no bracket; what its cache had is its parent's. */
void region_forked(gc_region *r)
{
    r->member = NO_MEMBER;
    r->orphaned = false;
    for (struct region_use *u = r->uses; u; u = u->next_of_region) {
        u->slot = NULL;
        u->depth = 0;
        u->cache = NULL;
    }
}
