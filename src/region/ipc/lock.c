/* A lock for short changes, whose owner may die with it. */
#include <errno.h>

#include "region/ipc/ipc.h"

enum {
    SPINS = 300,
    SLICE = 10 * 1000 * 1000, /* nanoseconds until the owner is looked at */
};

static bool swap(struct ipc_lock *l, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(&l->owner, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

/* Sleeps inside of the bracket: so does the owner nothing else but end. */
NOINLINE static bool take_slowly(const gc_region *r, struct ipc_lock *l, uint64_t self)
{
    for (int i = 0; i < SPINS; i++) {
        relax();
        if (__atomic_load_n(&l->owner, __ATOMIC_RELAXED) == 0 && swap(l, 0, self))
            return false;
    }
    for (;;) {
        uint32_t word = bell_watch(&l->bell);
        uint64_t owner = __atomic_load_n(&l->owner, __ATOMIC_SEQ_CST);
        if (owner == 0 && swap(l, 0, self))
            return false;
        if (owner == 0 || bell_wait(&l->bell, word, SLICE))
            continue;
        if (owner_is_dead(r, owner) && swap(l, owner, self))
            return true;
    }
}

bool ipc_lock_take(struct region_use *u, struct ipc_lock *l)
{
    uint64_t self = owner_self(u);
    if (LIKELY(swap(l, 0, self)))
        return false;
    int saved_errno = errno;
    bool inherited = take_slowly(u->region, l, self);
    errno = saved_errno;
    return inherited;
}

void ipc_lock_leave(struct ipc_lock *l)
{
    __atomic_exchange_n(&l->owner, 0, __ATOMIC_SEQ_CST);
    bell_ring_one(&l->bell);
}
