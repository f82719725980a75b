/* The world lock, who has it, and who comes first. */
#include "world/lock.h"

#include <errno.h>
#include <limits.h>

#include "base/critical.h"
#include "base/futex.h"
#include "base/lock.h"
#include "base/registers.h"
#include "world/park.h"
#include "world/thread.h"

enum { MILLISECOND = 1000000 }; /* nanoseconds */

static struct {
    struct lock lock;
    /* The thread pointers of the thread that has the lock, and of the one that had it
     * last; 0 stands for none.  Atomic. */
    uintptr_t holder, last;
    uint32_t waiting; /* threads that want it.  Atomic */
    uint32_t turn;    /* changes when one that waits gets it.  Atomic */
} world PRIVATE_DATA;

static void take_world(void)
{
    __atomic_fetch_add(&world.waiting, 1, __ATOMIC_RELAXED);
    lock_take(&world.lock, RANK_WORLD);
    __atomic_fetch_sub(&world.waiting, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&world.turn, 1, __ATOMIC_RELAXED);
    futex_wake(&world.turn, INT_MAX);
}

/* Lets other threads take the lock first: who had it last does not take it again before
 * those who wait for it, a millisecond at most, as they are not awake as soon. */
static void let_others_first(void)
{
    int saved_errno = errno;
    uint32_t turn = __atomic_load_n(&world.turn, __ATOMIC_RELAXED);
    if (__atomic_load_n(&world.waiting, __ATOMIC_RELAXED) > 0 &&
        __atomic_load_n(&world.last, __ATOMIC_RELAXED) == thread_pointer())
        futex_wait(&world.turn, turn, MILLISECOND);
    errno = saved_errno;
}

bool world_lock(void)
{
    let_others_first();
    critical_begin();
    bool waits = !lock_try(&world.lock, RANK_WORLD);
    if (waits)
        park_wait(take_world);
    uintptr_t self = thread_pointer();
    __atomic_store_n(&world.holder, self, __ATOMIC_RELAXED);
    __atomic_store_n(&world.last, self, __ATOMIC_RELAXED);
    return waits;
}

void world_unlock(void)
{
    __atomic_store_n(&world.holder, 0, __ATOMIC_RELAXED);
    lock_release(&world.lock, RANK_WORLD);
    critical_end();
}

bool world_is_mine(void)
{
    return __atomic_load_n(&world.holder, __ATOMIC_RELAXED) == thread_pointer();
}

bool world_hold(void)
{
    bool taken = !world_is_mine();
    if (taken)
        world_lock();
    return taken;
}

void world_let_go(bool taken)
{
    if (taken)
        world_unlock();
}

/* The child's only thread has the lock, and nobody waits for it. */
bool world_take(struct lock *l, enum rank rank)
{
    bool taken = thread_self && thread_self->blocking && world_hold();
    critical_take(l, rank);
    return taken;
}

void world_give(struct lock *l, enum rank rank, bool taken)
{
    critical_release(l, rank);
    world_let_go(taken);
}

void lock_forked(void)
{
    lock_check_held(RANK_WORLD);
    world.waiting = 0;
}
