/* What a cycle takes from the caches of threads, and finds in them.  They are looked at while the
 * world is stopped only; a thread that stopped in a fast path keeps its cache as it is. */
#ifndef GCALLOC_COLLECT_CACHES_H
#define GCALLOC_COLLECT_CACHES_H

#include "heap/types.h"

/* Of all threads, those of this heap: units that they reserved are free for all, what they freed of
 * others' blocks goes back there, and a cache that its thread has not needed since the last cycle
 * is emptied.  `own`: so is the calling thread's. */
void caches_give_back(struct heap *h, bool own);

struct caches_held {
    uint32_t slots; /* in all caches */
    uint32_t
        in_flight; /* most slots that may be on the way between a cache and the program */
};

/* The caches of this heap are sound, and each is listed once. */
struct caches_held caches_check(const struct heap *h);

#endif
