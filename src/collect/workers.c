/* Starting the helpers, what each of them does, and their end. */
#include "collect/workers.h"

#include <sched.h>

#include "base/check.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/options.h"
#include "base/os.h"
#include "base/track.h"
#include "collect/pool.h"
#include "world/faults.h"
#include "world/own.h"
#include "world/thread.h"

enum {
    WORTH_BYTES = MIB(1), /* in blocks; less is marked before a helper is awake */
    HELPER_PART = 64,     /* see marker_create */
};

/* The helpers of the process: one world is stopped at a time, and whoever stops it has
 * them all. */
static struct {
    struct pool pool;
    struct heap *heap; /* the present cycle's; set before there is any work */
    bool recruiting;   /* some thread adds helpers, or has them end.  Atomic */
    bool failed;       /* no more are to be had.  Changed by whoever recruits */
    unsigned count;    /* of helpers.  Atomic; changed by whoever recruits */
    struct marker *helpers[WORKERS_MOST - 1];
} workers PRIVATE_DATA;

static void *help(void *argument)
{
    struct marker *m = argument;
    own_begin();
    faults_except_me();
    while (pool_await(m->pool, &m->grey)) {
        /* Not while it waits: memcheck warns of threads that are in a scan when the process ends. */
        track_scan_begin();
        m->heap = workers.heap;
        marker_help(m);
        pool_rest(m->pool, m->overflowed);
        m->overflowed = false;
        track_scan_end();
    }
    return NULL;
}

static unsigned wanted(void)
{
    size_t markers = OPTION_NOW(markers);
    if (markers == 0)
        markers = os_processors();
    return (unsigned)min_size(max_size(markers, 1), WORKERS_MOST) - 1;
}

/* Adds a helper.  Those of before a fork are not in the child, but their markers are. */
static bool add_helper(struct heap *h)
{
    struct marker **place = &workers.helpers[workers.count];
    if (!*place) {
        struct marker *m = meta_alloc(ACCOUNT_MARKING, sizeof *m);
        if (!m || !marker_create(m, h, HELPER_PART))
            return false;
        m->pool = &workers.pool;
        *place = m;
    }
    if (!own_start(help, *place))
        return false;
    __atomic_store_n(&workers.count, workers.count + 1, __ATOMIC_RELEASE);
    return true;
}

bool workers_create(struct marker *first)
{
    static bool made PRIVATE_DATA;
    made = made || pool_create(&workers.pool,
                               (size_t)first->heap->numbers->unit_limit << UNIT_SHIFT);
    if (!made)
        return false;
    first->pool = &workers.pool;
    return true;
}

static unsigned helper_count(void)
{
    return __atomic_load_n(&workers.count, __ATOMIC_ACQUIRE);
}

/* No lock is held while threads are started: the C library may wait for locks of its own. */
void workers_recruit(struct heap *h)
{
    if (__atomic_load_n(&h->numbers->used_bytes, __ATOMIC_RELAXED) < WORTH_BYTES ||
        helper_count() >= wanted() || !own_can_start() ||
        __atomic_exchange_n(&workers.recruiting, true, __ATOMIC_ACQUIRE))
        return;
    while (!workers.failed && workers.count < wanted())
        workers.failed = !add_helper(h);
    __atomic_store_n(&workers.recruiting, false, __ATOMIC_RELEASE);
}

void workers_rouse(const struct marker *first)
{
    lock_check_held(RANK_WORLD);
    workers.heap = first->heap;
    if (helper_count() > 0)
        pool_open(&workers.pool);
}

void workers_rest(void)
{
    lock_check_held(RANK_WORLD);
    pool_close(&workers.pool);
    for (unsigned i = 0; i < helper_count(); i++)
        grey_queue_trim(&workers.helpers[i]->grey);
}

/* The pool's lock makes seen what each helper did before it ceased to be busy. */
void workers_check(void)
{
    if (!workers.pool.grey.items)
        return;
    pool_check(&workers.pool);
    CHECK(helper_count() < WORKERS_MOST);
    for (unsigned i = 0; i < helper_count(); i++) {
        CHECK(workers.helpers[i] && workers.helpers[i]->pool == &workers.pool);
        marker_check_queues(workers.helpers[i]);
    }
}

/* Every helper that has begun is counted by now, and none of them counts any more: a
 * cycle that is under way goes on with those that are still at work. */
static void ask_to_end(void)
{
    while (__atomic_exchange_n(&workers.recruiting, true, __ATOMIC_ACQUIRE))
        sched_yield();
    __atomic_store_n(&workers.count, 0, __ATOMIC_RELEASE);
    pool_dismiss(&workers.pool, true);
}

static void have_ended(void)
{
    pool_dismiss(&workers.pool, false);
    __atomic_store_n(&workers.recruiting, false, __ATOMIC_RELEASE);
}

static void forked(void)
{
    workers.count = 0;
    workers.recruiting = workers.failed = false;
    pool_forked(&workers.pool);
}

__attribute__((constructor)) static void start(void)
{
    static struct own_kind kind PRIVATE_DATA;
    kind = (struct own_kind){.ask = ask_to_end, .over = have_ended, .forked = forked};
    own_kind_add(&kind);
}
