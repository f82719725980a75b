/* Starting: the process heap, the collector, the calling thread. */
#ifndef GCALLOC_MUTATOR_INIT_H
#define GCALLOC_MUTATOR_INIT_H

#include <stdbool.h>

#include "base/bits.h"
#include "heap/cache.h"
#include "world/thread.h"

/* Makes what the calling thread lacks for a call: the heap, its record, its cache.  false
 * with errno: ENOMEM, EBUSY in a root callback. */
bool init_thread(void);

/* Takes back what init_thread made for one call only. */
void settle_thread(void);

/* Whether the calling thread is registered and has a cache, or gets both now; between
 * gc_blocking_begin and gc_blocking_end, and after the thread's exit hook, only until the
 * matching mutator_leave. */
INLINE bool mutator_enter(void)
{
    return LIKELY(thread_self != NULL && thread_self->ready) || init_thread();
}

/* A slow path ends. */
INLINE void mutator_leave(void)
{
    if (UNLIKELY(!thread_self->ready))
        settle_thread();
}

/* What the fast paths of the calling thread use is its own, and it is ready for them or prepared
 * for this call only.  In a pause. */
void mutator_check(void);

#endif
