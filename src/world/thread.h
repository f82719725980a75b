/* The threads that use the heap.  In this release there is one: the first that came. */
#ifndef GCALLOC_WORLD_THREAD_H
#define GCALLOC_WORLD_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bits.h"

struct cache;

struct mutator {
    pid_t tid;            /* 0: none yet */
    uintptr_t stack_low;  /* bounds of its own stack; the main thread's low end moves */
    uintptr_t stack_high; /* down as the stack grows */
    struct cache *cache;
};

SHARED_DATA struct mutator the_mutator;

/* What the fast paths use: the calling thread's cache, or cache_none. */
SHARED_DATA __thread struct cache *thread_cache
    __attribute__((tls_model("initial-exec")));

/* The calling thread as a mutator; NULL before its first slow path. */
SHARED_DATA __thread struct mutator *thread_self
    __attribute__((tls_model("initial-exec")));

/* Above 0 the calling thread does the library's own work: what the C library allocates
 * for that is not the program's. */
SHARED_DATA __thread unsigned thread_inside __attribute__((tls_model("initial-exec")));

/* Makes the calling thread the mutator, with this cache.  Without `fast_paths` its
 * thread_cache stays cache_none, so that every allocation and free takes the slow path.
 */
void thread_attach(struct cache *c, bool fast_paths);

/* The caller is the mutator, or there is none yet. */
bool thread_may_attach(void);

#endif
