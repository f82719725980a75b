/* Waiting for a lock, and what a thread holds. */
#include "base/lock.h"

#include <errno.h>

#include "base/futex.h"

enum { SPINS = 300 }; /* most locks are held for less than it takes to sleep */

/* What the calling thread has: the ranks that it holds, as bits, and how often it has
 * everything. */
static __thread unsigned held __attribute__((tls_model("initial-exec")));
static __thread unsigned alone __attribute__((tls_model("initial-exec")));

void lock_note_taken(enum rank rank)
{
    CHECK(held < 1u << rank);
    held |= 1u << rank;
}

void lock_note_released(enum rank rank)
{
    CHECK(held & 1u << rank);
    held &= ~(1u << rank);
}

bool lock_is_held(enum rank rank)
{
    return alone || (held & 1u << rank);
}

void lock_note_all(bool all)
{
    CHECK(all || alone);
    if (all)
        alone++;
    else
        alone--;
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
