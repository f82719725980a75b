/* gc_blocking_begin, gc_blocking_end and gc_thread_unregister: threads that say
 * themselves what they do. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <string.h>

#include "world/signals.h"
#include "world/park.h"
#include "world/thread.h"

/* Begins blocking.  A handler of the program, which may allocate, finds the thread
 * blocking and safe, or neither. */
NOINLINE static void begin(struct mutator *m, const uintptr_t *registers, uintptr_t sp)
{
    struct saved_mask saved;
    signals_block_handlers(&saved);
    m->blocking = 1;
    m->calls = 0; /* a handler may have left one by siglongjmp */
    memcpy(m->registers, registers, sizeof m->registers);
    m->sp = sp;
    m->ready = false;
    thread_use_cache(NULL);
    world_block(m);
    signals_restore(&saved);
}

/* The frames from the caller's up, and the registers that a callee keeps, are all that the
 * thread has of pointers to the heap until gc_blocking_end. */
NOINLINE void gc_blocking_begin(void)
{
    uintptr_t registers[REGISTERS];
    struct mutator *m = thread_self;
    if (!m)
        return;
    registers_save(registers);
    if (m->blocking > 0)
        m->blocking++;
    else
        begin(m, registers, (uintptr_t)__builtin_frame_address(0));
}

void gc_blocking_end(void)
{
    struct mutator *m = thread_self;
    struct saved_mask saved;
    if (!m || m->blocking == 0)
        return;
    if (m->blocking > 1) {
        m->blocking--;
        return;
    }
    signals_block_handlers(&saved);
    world_unblock(m);
    m->blocking = 0;
    m->calls = 0;
    memset(m->registers, 0, sizeof m->registers);
    signals_restore(&saved);
}

int gc_thread_unregister(void)
{
    if (!thread_self || thread_self->blocking)
        return errno = EINVAL, -1;
    thread_detach();
    return 0;
}
