#include "world/thread.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/bits.h"
#include "heap/cache.h"

struct mutator the_mutator PRIVATE_DATA;

__thread struct cache *thread_cache = (struct cache *)(uintptr_t)&cache_none;

bool thread_may_attach(void)
{
    return the_mutator.tid == 0 || the_mutator.tid == gettid();
}

/* The C library knows the bounds; for the main thread it reads /proc/self/maps and takes
 * the stack's limit for the low end. */
static int stack_bounds(uintptr_t *low, uintptr_t *high)
{
    pthread_attr_t attributes;
    void *address;
    size_t size;
    int error = pthread_getattr_np(pthread_self(), &attributes);
    if (error)
        return error;
    error = pthread_attr_getstack(&attributes, &address, &size);
    pthread_attr_destroy(&attributes);
    *low = (uintptr_t)address;
    *high = (uintptr_t)address + size;
    return error;
}

bool thread_attach(struct cache *c)
{
    int error = stack_bounds(&the_mutator.stack_low, &the_mutator.stack_high);
    if (error)
        return errno = error, false;
    the_mutator.tid = gettid();
    the_mutator.cache = c;
    thread_cache = c;
    return true;
}
