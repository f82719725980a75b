/* signal and its like, in front of the C library's, which would set what sigaction.c has to know
 * of: each is a sigaction of the library's own. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>

#include "base/mask.h"
#include "world/next.h"

LINKED(dispositions);

static __sighandler_t set_handler(int number, __sighandler_t function, int flags,
                                  uint64_t mask)
{
    struct sigaction action = {.sa_handler = function, .sa_flags = flags}, old;
    mask_store(&action.sa_mask, mask);
    if (function == SIG_ERR || sigaction(number, &action, &old) != 0)
        return errno = EINVAL, SIG_ERR;
    return old.sa_handler;
}

/* The signals that end system calls which they interrupt, by the program's wish.
 * Atomic. */
static uint64_t interrupting PRIVATE_DATA;

EXPORTED int siginterrupt(int number, int interrupts)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0)
        return -1;
    if (interrupts) {
        __atomic_fetch_or(&interrupting, mask_bit(number), __ATOMIC_RELAXED);
        action.sa_flags &= ~SA_RESTART;
    } else {
        __atomic_fetch_and(&interrupting, ~mask_bit(number), __ATOMIC_RELAXED);
        action.sa_flags |= SA_RESTART;
    }
    return sigaction(number, &action, NULL);
}

EXPORTED __sighandler_t signal(int number, __sighandler_t function)
{
    bool valid = number > 0 && number < NSIG;
    uint64_t mask = valid ? mask_bit(number) : 0;
    bool interrupts = __atomic_load_n(&interrupting, __ATOMIC_RELAXED) & mask;
    return set_handler(number, function, interrupts ? 0 : SA_RESTART, mask);
}

EXPORTED __sighandler_t bsd_signal(int number, __sighandler_t function)
{
    return signal(number, function);
}

EXPORTED __sighandler_t ssignal(int number, __sighandler_t function)
{
    return signal(number, function);
}

/* System V's signal: the handler is called once, and the signal is not blocked meanwhile. */
EXPORTED __sighandler_t sysv_signal(int number, __sighandler_t function)
{
    return set_handler(number, function, (int)(SA_RESETHAND | SA_NODEFER), 0);
}

/* Under some feature macros of the C library, signal is __sysv_signal. */
EXPORTED __sighandler_t __sysv_signal(int number, __sighandler_t function)
{
    return sysv_signal(number, function);
}

EXPORTED int sigignore(int number)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    return sigaction(number, &action, NULL);
}

/* SIG_HOLD blocks the signal, and any other disposition unblocks it; if it was blocked,
 * SIG_HOLD is returned. */
EXPORTED __sighandler_t sigset(int number, __sighandler_t disposition)
{
    sigset_t set, before;
    struct sigaction action = {.sa_handler = disposition}, old;
    bool holds = disposition == SIG_HOLD;
    sigemptyset(&set);
    if (disposition == SIG_ERR || sigaddset(&set, number) != 0 ||
        sigaction(number, holds ? NULL : &action, &old) != 0)
        return errno = EINVAL, SIG_ERR;
    if (sigprocmask(holds ? SIG_BLOCK : SIG_UNBLOCK, &set, &before) != 0)
        return SIG_ERR;
    return sigismember(&before, number) == 1 ? SIG_HOLD : old.sa_handler;
}
