/* fork copies one thread of many.  The others may be anywhere in the program then, but in
 * no critical section of the library; what their caches list is free in the child, and of
 * each at most one slot, on its way between cache and program, stays reserved. */
#include "world/fork.h"

#include <pthread.h>

#include "world/stop.h"

static void in_parent(void)
{
    world_after_fork(false);
}

static void in_child(void)
{
    world_after_fork(true);
}

void fork_watch(void)
{
    pthread_atfork(world_before_fork, in_parent, in_child);
}
