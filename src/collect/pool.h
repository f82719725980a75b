/* What markers share work through.  The pool holds grey ranges, and knows of no heap and
 * no object.
 *
 * The first marker is the collecting thread's.  The others, its helpers, sleep between
 * collections.  A marker that has much work while another has none gives its oldest to
 * the pool, and whoever has none takes from there.  Marking is complete when the pool is
 * empty and no marker is busy.  A pass that all share (collect/share.h) is work as well: whoever
 * takes part in it is busy. */
#ifndef GCALLOC_COLLECT_POOL_H
#define GCALLOC_COLLECT_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "collect/grey_queue.h"
#include "collect/share.h"

struct pool {
    struct lock lock;
    uint32_t busy;          /* markers with work of their own; under the lock */
    bool overflowed;        /* some grey queue could not grow; under the lock */
    bool dismissed;         /* the helpers are to end; under the lock */
    struct grey_queue grey; /* under the lock */
    /* A pass that is under way; NULL: there is none.  Changed under the lock.  Atomic: it stays as it is
     * until nobody is busy. */
    struct share *share;

    /* Atomic. */
    uint32_t available; /* items in the pool */
    uint32_t waiting;   /* markers that have no work, sleeping ones among them */
    uint32_t turn;      /* changes when there is something new for those waiting */
    bool open;          /* a collection marks: it pays to wait awake */
};

/* Makes a pool for a heap that has no more than so many bytes.  Returns false with errno
 * ENOMEM if there is no memory for it. */
bool pool_create(struct pool *p, size_t heap_bytes);

/* Resets the pool in the child of a fork: there are no helpers, and nobody has the lock. */
void pool_forked(struct pool *p);

/* Whether it is time to give: the pool is empty, and some marker waits. */
INLINE bool pool_is_hungry(struct pool *p)
{
    return __atomic_load_n(&p->available, __ATOMIC_RELAXED) == 0 &&
           __atomic_load_n(&p->waiting, __ATOMIC_RELAXED) > 0;
}

/* Moves a part of a marker's grey queue into the pool, its oldest items first. */
void pool_give(struct pool *p, struct grey_queue *l);

/* The first marker begins to mark.  The pool is empty, and nobody is busy. */
void pool_begin(struct pool *p);

/* The first marker begins to mark, as by pool_begin, with a pass that the others may join; and
 * all its parts are taken, so that nobody joins any more. */
void pool_share(struct pool *p, struct share *s);
void pool_share_is_taken(struct pool *p);

/* The pass that is under way, for a marker that is busy. */
INLINE struct share *pool_shared(struct pool *p)
{
    return __atomic_load_n(&p->share, __ATOMIC_RELAXED);
}

/* Some marker waits, awake or asleep: there are helpers. */
INLINE bool pool_has_helpers(struct pool *p)
{
    return __atomic_load_n(&p->waiting, __ATOMIC_RELAXED) > 0;
}

/* The first marker has no work any more, and waits for some.  Returns false if marking is
 * complete. */
bool pool_next(struct pool *p, struct grey_queue *l);

/* Wakes the helpers, as there will be work. */
void pool_open(struct pool *p);

/* Lets the helpers go to sleep, as there will be no work for some time. */
void pool_close(struct pool *p);

/* A helper waits for work, grey or shared, from one collection to the next.  Returns false if it is to
 * end. */
bool pool_await(struct pool *p, struct grey_queue *l);

/* With `dismissed`, helpers are to end when they have no work; without, they may stay
 * from now on. */
void pool_dismiss(struct pool *p, bool dismissed);

/* A helper has no work any more.  `overflowed` says that it could not keep all that there was. */
void pool_rest(struct pool *p, bool overflowed);

/* Whether some helper could not keep all work; it is told once.  Nobody is busy. */
bool pool_overflowed(struct pool *p);

/* Checks that marking is complete: nothing is left, and no marker is busy. */
void pool_check(struct pool *p);

#endif
