#include "base/lock.h"

#include <config.h>
#include <errno.h>

#include "base/check.h"
#include "base/futex.h"

enum { SPINS = 300 }; /* most locks are held for less than it takes to sleep */

static __thread unsigned held
    __attribute__((tls_model("initial-exec"))); /* ranks, bits */
static __thread bool has_all __attribute__((tls_model("initial-exec")));

void lock_check_taken(enum rank rank)
{
    if (!GC_CHECKING)
        return;
    CHECK(held < 1u << rank);
    held |= 1u << rank;
}

void lock_check_released(enum rank rank)
{
    if (!GC_CHECKING)
        return;
    CHECK(held & 1u << rank);
    held &= ~(1u << rank);
}

void lock_check_held(enum rank rank)
{
    if (GC_CHECKING)
        CHECK(has_all || (held & 1u << rank));
}

void lock_check_all(bool all)
{
    has_all = all;
}

void lock_wait(struct lock *l)
{
    int saved_errno = errno;
    for (int i = 0; i < SPINS; i++) {
        if (__atomic_load_n(&l->word, __ATOMIC_RELAXED) == 0 && lock_try_enter(l))
            return;
        relax();
    }
    while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
        futex_wait(&l->word, 2, 0);
    errno = saved_errno;
}

void lock_wake(struct lock *l)
{
    int saved_errno = errno;
    futex_wake(&l->word, 1);
    errno = saved_errno;
}
