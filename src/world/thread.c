#include "world/thread.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/maps.h"
#include "base/os.h"
#include "heap/cache.h"
#include "trace/walk.h"

enum { STACK_GUESS = 8 << 20 }; /* the usual limit of a main thread's stack */

struct mutator the_mutator PRIVATE_DATA;

__thread struct mutator *thread_self;
__thread unsigned thread_inside;
__thread struct cache *thread_cache = (struct cache *)(uintptr_t)&cache_none;

bool thread_may_attach(void)
{
    return the_mutator.tid == 0 || the_mutator.tid == gettid();
}

/* Without /proc: all mapped pages from here up, with no limit known for the low end. */
static void probe_stack(uintptr_t *low, uintptr_t *high)
{
    unsigned char resident;
    uintptr_t page = align_down((uintptr_t)__builtin_frame_address(0), os_page_bytes());
    while (mincore((void *)page, 1, &resident) == 0)
        page += os_page_bytes();
    *high = page;
    *low = page - STACK_GUESS;
}

/* The C library knows the bounds; for the main thread it reads /proc/self/maps, takes the
 * stack's limit for the low end, and for the high end that of the first frame's page: the
 * arguments and the environment lie above. */
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
    struct mapping m;
    if (gettid() == getpid() && maps_find(*high - 1, &m))
        *high = m.high;
    return error;
}

void thread_attach(struct cache *c, bool fast_paths)
{
    if (stack_bounds(&the_mutator.stack_low, &the_mutator.stack_high) != 0)
        probe_stack(&the_mutator.stack_low, &the_mutator.stack_high);
    the_mutator.tid = gettid();
    the_mutator.cache = c;
    thread_self = &the_mutator;
    if (fast_paths)
        thread_cache = c;
    else
        walk_begin(the_mutator.stack_low, the_mutator.stack_high);
}
