/* Registered stacks: what programs call.  A thread between gc_blocking_begin and
 * gc_blocking_end leaves that state for the call, as for an allocation. */
#include <errno.h>
#include <gcalloc/gcalloc.h>

#include "mutator/init.h"
#include "roots/coroutines.h"

/* Sets errno if there is an error number. */
static int finish(int error)
{
    mutator_leave();
    return error ? errno = error, -1 : 0;
}

int gc_stack_register(void *low, void *high)
{
    if (!mutator_enter())
        return -1;
    return finish(coroutine_register((struct range){(uintptr_t)low, (uintptr_t)high}));
}

int gc_stack_unregister(void *low)
{
    if (!mutator_enter())
        return -1;
    return finish(coroutine_unregister((uintptr_t)low));
}

NOINLINE static int change(void *low, const struct departure *left)
{
    if (!mutator_enter())
        return -1;
    if (thread_self->blocking)
        return finish(EBUSY);
    return finish(coroutine_switch(thread_self, (uintptr_t)low, left));
}

/* Nothing is called here before the registers are stored: they are the caller's yet. */
NOINLINE int gc_stack_switch(void *low)
{
    struct departure left;
    registers_save(left.registers);
    left.sp = (uintptr_t)__builtin_frame_address(0);
    return change(low, &left);
}
