/* thrd_create and its like of C11, in front of the C library's.  The C library's call
 * pthread_create and the others inside, where nobody stands in front: the threads would
 * be foreign threads.  The file is not in the static library, as the C library's
 * functions have no second name there. */
#include <errno.h>
#include <stdint.h>
#include <threads.h>

#include "world/interpose.h"
#include "world/next.h"

#ifdef PIC /* libtool's: not for the static library */

/* Runs a thread of C11, whose result is a number.  The C library hands it over as a
 * pointer's value, too. */
static void *run(void *argument)
{
    struct mutator *m = argument;
    thrd_start_t start = (thrd_start_t)(void (*)(void))m->start;
    thread_begin(m);
    argument = m->argument;
    m->argument = NULL;
    return (void *)(intptr_t)start(argument);
}

EXPORTED int thrd_create(thrd_t *thread, thrd_start_t start, void *argument)
{
    switch (interpose_run(thread, NULL, run, (void *(*)(void *))(void (*)(void))start,
                          argument)) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    default:
        return thrd_error;
    }
}

_Static_assert(thrd_success == 0, "as the others have it");

EXPORTED int thrd_join(thrd_t thread, int *result)
{
    JOIN(thread, NEXT(thrd_join, NO_FALLBACK(thrd_join))(thread, result));
}

EXPORTED int thrd_detach(thrd_t thread)
{
    CLAIMED(thread, NEXT(thrd_detach, NO_FALLBACK(thrd_detach))(thread), thread_detached);
}

EXPORTED void thrd_exit(int result)
{
    thread_exits(NULL);
    NEXT(thrd_exit, NO_FALLBACK(thrd_exit))(result);
    __builtin_unreachable();
}

#endif
