/* Waiting for a lock, and what a thread holds. */
#include "base/lock.h"

#include <errno.h>

#include "base/futex.h"

enum {
    SPINS = 300, /* most locks are held for less than it takes to sleep */
    LOOK_AFTER = 10 * 1000 * 1000, /* ns until who has a shared lock is looked at */
};

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

/* ---- Shared locks ---------------------------------------------------------------------------- */

__thread uint32_t lock_holder;
struct lock_hooks lock_hooks PRIVATE_DATA;

/* Whether the lock is the caller's now; *word is what it was.  Whoever has slept does not know whether
 * others still do: `awaited` is LOCK_AWAITED then. */
static bool try_shared(struct lock *l, uint32_t *word, uint32_t awaited)
{
    *word = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
    return !(*word & LOCK_HOLDER) &&
           __atomic_compare_exchange_n(&l->word, word, *word | lock_holder | awaited,
                                       false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* A lock whose holder is gone becomes the caller's. */
static bool inherit(struct lock *l, uint32_t word)
{
    uint32_t holder = word & LOCK_HOLDER, mine = LOCK_SHARED | LOCK_AWAITED | lock_holder;
    if (holder == 0 || !lock_hooks.is_dead(l, holder) ||
        !__atomic_compare_exchange_n(&l->word, &word, mine, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    lock_hooks.inherited(l);
    return true;
}

/* Who dies with the lock wakes nobody: so those who wait look for themselves. */
static void wait_shared(struct lock *l)
{
    uint32_t word;
    CHECK(lock_holder != 0);
    for (int i = 0; i < SPINS; i++) {
        if (try_shared(l, &word, 0))
            return;
        relax();
    }
    while (!try_shared(l, &word, LOCK_AWAITED)) {
        if (!(word & LOCK_HOLDER) ||
            (!(word & LOCK_AWAITED) &&
             !__atomic_compare_exchange_n(&l->word, &word, word | LOCK_AWAITED, false,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED)))
            continue;
        futex_wait_shared(&l->word, word | LOCK_AWAITED, LOOK_AFTER);
        if (inherit(l, word | LOCK_AWAITED))
            return;
    }
}

bool lock_try_shared(struct lock *l)
{
    uint32_t word;
    if (try_shared(l, &word, 0))
        return true;
    uint32_t holder = word & LOCK_HOLDER;
    return holder && lock_hooks.is_dead(l, holder) &&
           __atomic_compare_exchange_n(&l->word, &word, LOCK_SHARED | lock_holder, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void lock_leave_shared(struct lock *l)
{
    int saved_errno = errno;
    if (__atomic_exchange_n(&l->word, LOCK_SHARED, __ATOMIC_RELEASE) & LOCK_AWAITED)
        futex_wake_shared(&l->word, 1);
    errno = saved_errno;
}

/* ---- Locks of the process -------------------------------------------------------------------- */

void lock_wait(struct lock *l)
{
    int saved_errno = errno;
    if (__atomic_load_n(&l->word, __ATOMIC_RELAXED) & LOCK_SHARED) {
        wait_shared(l);
        errno = saved_errno;
        return;
    }
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
