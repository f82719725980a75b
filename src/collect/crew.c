#include "collect/crew.h"

#include <pthread.h>
#include <sched.h>

#include "base/meta.h"
#include "base/options.h"
#include "base/os.h"
#include "base/track.h"
#include "collect/pool.h"
#include "world/faults.h"
#include "world/strangers.h"
#include "world/thread.h"

enum {
    WORTH_BYTES = MIB(1), /* in blocks; less is marked before a helper is awake */
    HELPER_PART = 64,     /* see marker_create */
};

static struct {
    struct pool pool;
    bool recruiting; /* some thread is adding helpers, or has them end.  Atomic */
    bool failed;     /* there are no more to be had.  Changed by whoever recruits */
    unsigned count;  /* the same; atomic */
    struct marker *helpers[CREW_MOST - 1];
} crew PRIVATE_DATA;

static void *help(void *argument)
{
    struct marker *m = argument;
    strangers_except_me();
    faults_except_me();
    track_scan_begin(); /* and does not end before it: it does nothing else */
    while (pool_await(m->pool, &m->work)) {
        marker_help(m);
        pool_rest(m->pool, m->lost_work);
        m->lost_work = false;
    }
    return NULL;
}

static unsigned wanted(void)
{
    size_t markers = OPTION_NOW(markers);
    if (markers == 0)
        markers = os_processors();
    return (unsigned)min_size(max_size(markers, 1), CREW_MOST) - 1;
}

/* The helpers of before the fork are not in the child, but their markers are. */
static bool add_helper(struct heap *h)
{
    struct marker **place = &crew.helpers[crew.count];
    if (!*place) {
        struct marker *m = meta_alloc(sizeof *m);
        if (!m || !marker_create(m, h, HELPER_PART))
            return false;
        m->pool = &crew.pool;
        *place = m;
    }
    if (!thread_start_own(help, *place))
        return false;
    __atomic_store_n(&crew.count, crew.count + 1, __ATOMIC_RELEASE);
    return true;
}

bool crew_create(struct marker *first)
{
    if (!pool_create(&crew.pool, (size_t)first->heap->unit_limit << UNIT_SHIFT))
        return false;
    first->pool = &crew.pool;
    return true;
}

static unsigned helper_count(void)
{
    return __atomic_load_n(&crew.count, __ATOMIC_ACQUIRE);
}

/* No lock is held meanwhile: the C library may wait for locks of its own. */
void crew_recruit(struct heap *h)
{
    if (__atomic_load_n(&h->used_bytes, __ATOMIC_RELAXED) < WORTH_BYTES ||
        helper_count() >= wanted() || !thread_can_start_own() ||
        __atomic_exchange_n(&crew.recruiting, true, __ATOMIC_ACQUIRE))
        return;
    while (!crew.failed && crew.count < wanted())
        crew.failed = !add_helper(h);
    __atomic_store_n(&crew.recruiting, false, __ATOMIC_RELEASE);
}

void crew_rouse(void)
{
    if (helper_count() > 0)
        pool_open(&crew.pool);
}

void crew_rest(void)
{
    pool_close(&crew.pool);
    for (unsigned i = 0; i < helper_count(); i++)
        worklist_trim(&crew.helpers[i]->work);
}

/* No helper has begun that is not counted by now, and none of them counts any more: a cycle
 * that is under way goes on with those that are still at work. */
static void ask_to_end(void)
{
    while (__atomic_exchange_n(&crew.recruiting, true, __ATOMIC_ACQUIRE))
        sched_yield();
    __atomic_store_n(&crew.count, 0, __ATOMIC_RELEASE);
    pool_dismiss(&crew.pool, true);
}

static void have_ended(void)
{
    pool_dismiss(&crew.pool, false);
    __atomic_store_n(&crew.recruiting, false, __ATOMIC_RELEASE);
}

static void forked(void)
{
    crew.count = 0;
    crew.recruiting = crew.failed = false;
    pool_forked(&crew.pool);
}

__attribute__((constructor)) static void start(void)
{
    static struct thread_kind kind PRIVATE_DATA;
    kind.ask = ask_to_end;
    kind.over = have_ended;
    thread_kind_add(&kind);
    pthread_atfork(NULL, NULL, forked);
}
