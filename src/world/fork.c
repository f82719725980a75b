/* fork copies one thread of many.  The others may be anywhere in the program then, but in
 * no critical section of the library; what their caches list is free in the child, and of
 * each at most one slot, on its way between cache and program, stays reserved. */
#include "world/fork.h"

#include <pthread.h>
#include <unistd.h>

#include "world/next.h"
#include "world/stop.h"

static void in_parent(void)
{
    world_after_fork(false);
}

static void in_child(void)
{
    world_after_fork(true);
}

#if GC_TSAN
/* ThreadSanitizer calls the C library's with its own locks held, which threads that are to
 * stop may wait for. */
EXPORTED pid_t fork(void)
{
    world_before_fork();
    pid_t pid = NEXT(fork, NO_FALLBACK(fork))();
    if (pid == 0)
        in_child();
    else
        in_parent();
    return pid;
}
#endif

void fork_watch(void)
{
    if (!GC_TSAN)
        pthread_atfork(world_before_fork, in_parent, in_child);
}
