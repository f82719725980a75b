/* Holding off is a count for each thread, and the state of cancellation before the
 * outermost call.  It is neither a lock nor a critical section.  A handler that
 * interrupts either function leaves everything as it found it. */
#include "base/cancel.h"

#include <pthread.h>

static __thread struct {
    volatile unsigned depth;
    volatile int before;
} held __attribute__((tls_model("initial-exec")));

void cancel_hold_off(void)
{
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    if (held.depth == 0)
        held.before = before;
    held.depth++;
}

void cancel_let_in(void)
{
    int before = held.before;
    if (--held.depth == 0)
        pthread_setcancelstate(before, NULL);
}
