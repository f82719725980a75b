/* Three words: whether a thread has precedence, which, and until when.  They are no more than advice: who reads
 * them while they change waits for a moment longer, or does not. */
#include "mutator/precedence.h"

#include <limits.h>

#include "base/futex.h"
#include "base/os.h"
#include "world/park.h"
#include "world/registry.h"
#include "world/self.h"

enum { LASTS = 1000000000 }; /* nanoseconds */

uint32_t precedence_taken PRIVATE_DATA;
static const struct mutator *owner PRIVATE_DATA; /* atomic */
static uint64_t until PRIVATE_DATA;              /* by os_now; atomic */

static bool is_mine(void)
{
    return __atomic_load_n(&precedence_taken, __ATOMIC_RELAXED) &&
           __atomic_load_n(&owner, __ATOMIC_RELAXED) == thread_self;
}

static bool take(void)
{
    uint32_t nobody = 0;
    return __atomic_compare_exchange_n(&precedence_taken, &nobody, 1, false,
                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* In a child of vfork the others are not this process's. */
void precedence_take(void)
{
    if (!registry_is_here())
        return;
    for (;;) {
        __atomic_store_n(&until, os_now() + LASTS, __ATOMIC_RELAXED);
        if (is_mine() || take())
            break;
        precedence_await();
    }
    __atomic_store_n(&owner, thread_self, __ATOMIC_RELAXED);
}

static void end(void)
{
    __atomic_store_n(&precedence_taken, 0, __ATOMIC_RELAXED);
    futex_wake(&precedence_taken, INT_MAX);
}

void precedence_end(void)
{
    if (is_mine())
        end();
}

/* Whoever sees that it has expired ends it. */
static void await_end(void)
{
    while (__atomic_load_n(&precedence_taken, __ATOMIC_RELAXED)) {
        uint64_t now = os_now(), last = __atomic_load_n(&until, __ATOMIC_RELAXED);
        if (now >= last)
            return end();
        futex_wait(&precedence_taken, 1, last - now);
    }
}

void precedence_await(void)
{
    if (registry_is_here() && __atomic_load_n(&owner, __ATOMIC_RELAXED) != thread_self)
        world_wait_safely(await_end);
}
