/* Starting: the process heap, the collector, the calling thread. */
#ifndef GCALLOC_MUTATOR_INIT_H
#define GCALLOC_MUTATOR_INIT_H

#include <stdbool.h>

#include "base/bits.h"
#include "heap/cache.h"
#include "world/thread.h"

/* Makes what is missing.  false with errno: ENOMEM, or ENOTSUP for a second thread. */
bool init_thread(void);

/* The calling thread has a cache, or gets one now. */
INLINE bool thread_is_ready(void)
{
    return LIKELY(thread_self != NULL) || init_thread();
}

/* Called when the program ends; the report layer defines it. */
void report_at_exit(void);

#endif
