/* The slow ways into a critical section and out of it. */
#include "base/critical.h"

__thread struct critical critical;
uint32_t critical_gate PRIVATE_DATA;
struct critical_hooks critical_hooks PRIVATE_DATA;

NOINLINE void critical_leave(void)
{
    if (critical.depth > 0)
        return;
    critical.deferred = false;
    critical_hooks.leave();
}

/* Only the outermost section waits, as the others are inside already. */
NOINLINE void critical_wait_at_gate(void)
{
    if (critical.depth > 1)
        return;
    while (__atomic_load_n(&critical_gate, __ATOMIC_ACQUIRE) != 0) {
        critical_end();
        critical_hooks.wait_at_gate();
        critical.depth++;
    }
}
