/* A word that says whose turn it is.  Who waits looks again after a millisecond: those that have it take longer. */
#include "mutator/turn.h"

#include <unistd.h>

#include "base/futex.h"
#include "world/park.h"
#include "world/registry.h"
#include "world/self.h"

enum { MILLISECOND = 1000000 }; /* nanoseconds */

static uint64_t here(void)
{
    return (uint64_t)getpid() << 32 | (uint32_t)thread_self->tid;
}

static bool is_of_parent(uint64_t owner)
{
    return owner != 0 && owner >> 32 != (uint64_t)getpid();
}

enum turn_got turn_try(struct turn *t)
{
    uint64_t before = __atomic_load_n(&t->owner, __ATOMIC_RELAXED);
    if ((before != 0 && !is_of_parent(before)) ||
        !__atomic_compare_exchange_n(&t->owner, &before, here(), false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return TURN_NONE;
    return before ? TURN_GOT_FROM_PARENT : TURN_GOT;
}

void turn_await(const struct turn *t)
{
    while (__atomic_load_n(&t->owner, __ATOMIC_RELAXED) != 0)
        futex_rest(MILLISECOND);
}

static bool is_mine(const struct turn *t)
{
    return __atomic_load_n(&t->owner, __ATOMIC_RELAXED) == here();
}

enum turn_got turn_take(struct turn *t, void (*await)(void))
{
    enum turn_got got;
    while ((got = turn_try(t)) == TURN_NONE && !is_mine(t))
        world_wait_safely(await);
    return got;
}

void turn_leave(struct turn *t)
{
    __atomic_store_n(&t->owner, 0, __ATOMIC_RELEASE);
}
