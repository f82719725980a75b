/* Threads that say themselves what they do. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <string.h>

#include "world/stop.h"

/* The frames from the caller's up, and the registers that a callee keeps, are all that the
 * thread has of pointers to the heap until gc_blocking_end. */
NOINLINE void gc_blocking_begin(void)
{
    struct mutator *m = thread_self;
    if (!m || m->blocking++ > 0)
        return;
    registers_save(m->registers);
    m->sp = (uintptr_t)__builtin_frame_address(0);
    m->ready = false;
    thread_use_cache(NULL);
    world_block(m);
}

void gc_blocking_end(void)
{
    struct mutator *m = thread_self;
    if (!m || m->blocking == 0 || --m->blocking > 0)
        return;
    world_unblock(m);
    memset(m->registers, 0, sizeof m->registers);
}

int gc_thread_unregister(void)
{
    if (!thread_self || thread_self->blocking)
        return errno = EINVAL, -1;
    thread_detach();
    return 0;
}
