/* Waking those who wait for a change.
 *
 * Whoever waits makes the word odd and then looks once more; whoever changes something does that first and
 * then looks at the word, all in one order for everybody: so either sees the other. */
#include <errno.h>

#include "base/futex.h"
#include "region/ipc/ipc.h"

enum { AWAITED = 1, STEP = 2 };

uint32_t bell_watch(struct bell *b)
{
    return __atomic_fetch_or(&b->word, AWAITED, __ATOMIC_SEQ_CST) | AWAITED;
}

bool bell_wait(struct bell *b, uint32_t word, uint64_t nanoseconds)
{
    errno = 0;
    futex_wait_shared(&b->word, word, nanoseconds);
    return errno != ETIMEDOUT && errno != EINTR;
}

NOINLINE static void wake_all(struct bell *b)
{
    int saved_errno = errno;
    uint32_t word = __atomic_load_n(&b->word, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&b->word, &word,
                                        (word + STEP) & ~(uint32_t)AWAITED, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        continue;
    futex_wake_shared(&b->word, INT32_MAX);
    errno = saved_errno;
}

/* The word stays odd as long as there was somebody to be woken. */
NOINLINE static void wake_one(struct bell *b)
{
    int saved_errno = errno;
    __atomic_fetch_add(&b->word, STEP, __ATOMIC_SEQ_CST);
    if (futex_wake_shared(&b->word, 1) <= 0)
        wake_all(b);
    errno = saved_errno;
}

static bool is_awaited(const struct bell *b)
{
    return __atomic_load_n(&b->word, __ATOMIC_SEQ_CST) & AWAITED;
}

void bell_ring_one(struct bell *b)
{
    if (UNLIKELY(is_awaited(b)))
        wake_one(b);
}

void bell_ring(struct bell *b)
{
    if (UNLIKELY(is_awaited(b)))
        wake_all(b);
}
