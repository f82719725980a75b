/* The pool's queue under its lock, and waiting for work. */
#include "collect/pool.h"

#include "base/check.h"
#include "base/critical.h"
#include "base/futex.h"

enum {
    CAPACITY = 1 << 16, /* most items in the pool */
    PART = 64,          /* its bytes are at most 1 / PART of those of the heap */
    PACKET = 512,       /* most items given or taken at once */
    SPINS = 2000,       /* about 100 us, as long as it takes to fall asleep and wake up */
};

bool pool_create(struct pool *p, size_t heap_bytes)
{
    return grey_queue_create(&p->grey,
                             min_size(CAPACITY, heap_bytes / PART / sizeof(struct grey)));
}

void pool_forked(struct pool *p)
{
    p->lock.word = 0;
    p->busy = p->available = p->waiting = 0;
    p->overflowed = p->open = p->dismissed = false;
    p->share = NULL;
    p->grey.first = p->grey.end = 0;
}

static void lock(struct pool *p)
{
    lock_take(&p->lock, RANK_POOL);
}

static void unlock(struct pool *p)
{
    lock_release(&p->lock, RANK_POOL);
}

/* Stores how many items the pool has, for markers that look without the lock.  The lock
 * is held. */
static void note_available(struct pool *p)
{
    lock_check_held(RANK_POOL);
    __atomic_store_n(&p->available, (uint32_t)grey_queue_size(&p->grey),
                     __ATOMIC_RELAXED);
}

static void wake(struct pool *p, int markers)
{
    __atomic_fetch_add(&p->turn, 1, __ATOMIC_SEQ_CST);
    futex_wake(&p->turn, markers);
}

void pool_give(struct pool *p, struct grey_queue *l)
{
    lock(p);
    bool given = grey_queue_give(l, &p->grey, min_size(grey_queue_size(l) / 2, PACKET));
    note_available(p);
    unlock(p);
    if (given)
        wake(p, 1);
}

/* Takes what the pool has for a marker without work, which is busy then; it may be parts of a pass
 * only.  Returns false if there is nothing.  The lock is held. */
static bool take(struct pool *p, struct grey_queue *l)
{
    lock_check_held(RANK_POOL);
    size_t count = min_size(grey_queue_size(&p->grey), PACKET);
    while (count > 0 && !grey_queue_give(&p->grey, l, count))
        count /= 2;
    if (count == 0 && !(p->share && share_is_left(p->share)))
        return false;
    note_available(p);
    p->busy++;
    return true;
}

/* Waits until the turn is another. */
static void await_turn(struct pool *p, uint32_t turn)
{
    for (int i = 0; i < SPINS && __atomic_load_n(&p->open, __ATOMIC_RELAXED); i++) {
        if (__atomic_load_n(&p->turn, __ATOMIC_RELAXED) != turn)
            return;
        relax();
    }
    futex_wait(&p->turn, turn, 0);
}

/* Completes marking: nobody is busy, and for what may be left nobody has room.  The lock
 * is held. */
static void complete(struct pool *p)
{
    lock_check_held(RANK_POOL);
    p->overflowed |= grey_queue_size(&p->grey) > 0;
    p->grey.first = p->grey.end = 0;
    note_available(p);
}

/* Waits for work.  Returns false if there will be none: with `ends`, as nobody is busy
 * any more; without, as the helpers are dismissed. */
static bool wait_for_work(struct pool *p, struct grey_queue *l, bool ends)
{
    __atomic_fetch_add(&p->waiting, 1, __ATOMIC_RELAXED);
    bool taken, ended;
    for (;;) {
        uint32_t turn = __atomic_load_n(&p->turn, __ATOMIC_SEQ_CST);
        lock(p);
        taken = take(p, l);
        ended = ends ? p->busy == 0 : p->dismissed;
        if (ends && ended)
            complete(p);
        unlock(p);
        if (taken || ended)
            break;
        await_turn(p, turn);
    }
    __atomic_fetch_sub(&p->waiting, 1, __ATOMIC_RELAXED);
    return taken;
}

/* The last helper to rest wakes the first marker. */
void pool_rest(struct pool *p, bool overflowed)
{
    lock(p);
    p->overflowed |= overflowed;
    bool last = --p->busy == 0;
    unlock(p);
    if (last)
        wake(p, INT_MAX);
}

void pool_begin(struct pool *p)
{
    lock(p);
    p->busy = 1;
    unlock(p);
}

static void set_share(struct pool *p, struct share *s)
{
    lock_check_held(RANK_POOL);
    __atomic_store_n(&p->share, s, __ATOMIC_RELAXED);
}

void pool_share(struct pool *p, struct share *s)
{
    lock(p);
    p->busy = 1;
    set_share(p, s);
    unlock(p);
    wake(p, INT_MAX);
}

void pool_share_is_taken(struct pool *p)
{
    lock(p);
    set_share(p, NULL);
    unlock(p);
}

bool pool_next(struct pool *p, struct grey_queue *l)
{
    lock(p);
    p->busy--;
    unlock(p);
    return wait_for_work(p, l, true);
}

void pool_open(struct pool *p)
{
    __atomic_store_n(&p->open, true, __ATOMIC_RELAXED);
    wake(p, INT_MAX);
}

void pool_close(struct pool *p)
{
    __atomic_store_n(&p->open, false, __ATOMIC_RELAXED);
}

bool pool_await(struct pool *p, struct grey_queue *l)
{
    return wait_for_work(p, l, false);
}

void pool_dismiss(struct pool *p, bool dismissed)
{
    critical_begin();
    lock(p);
    p->dismissed = dismissed;
    unlock(p);
    critical_end();
    wake(p, INT_MAX);
}

bool pool_overflowed(struct pool *p)
{
    lock(p);
    bool lost = p->overflowed;
    p->overflowed = false;
    unlock(p);
    return lost;
}

void pool_check(struct pool *p)
{
    lock(p);
    CHECK(p->busy == 0 && !p->overflowed && !p->share);
    CHECK(grey_queue_size(&p->grey) == 0 && p->available == 0);
    grey_queue_check(&p->grey);
    unlock(p);
}
