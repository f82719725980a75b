/* sigaction, in front of the C library's: the kernel calls a handler of the library's in place of
 * each of the program's, and the program is told what it set.  signal and its like are in
 * dispositions.c.  Nothing here is ever taken back, as a child of vfork may change what the kernel
 * knows, and shares this memory. */
#include <errno.h>
#include <signal.h>

#include "world/ending.h"
#include "world/faults.h"
#include "world/handlers.h"
#include "world/next.h"
#include "world/signals.h"

LINKED(sigaction);

static bool is_function(const struct sigaction *action)
{
    return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

enum { OUR_FLAGS = (int)(SA_RESETHAND | SA_NODEFER | SA_SIGINFO) };

/* Tells the program what it set, where the kernel has the library's handler. */
static void unwrap(const struct sigaction *before, struct sigaction *old)
{
    if (!(old->sa_flags & SA_SIGINFO) || old->sa_sigaction != handlers_call)
        return;
    if (ending_is_ours(before)) {
        *old = (struct sigaction){.sa_handler = SIG_DFL};
        return;
    }
    old->sa_sigaction = before->sa_sigaction;
    old->sa_mask = before->sa_mask;
    old->sa_flags = (old->sa_flags & ~OUR_FLAGS) | before->sa_flags;
}

/* The library's action in place of the program's. */
static struct sigaction wrapper(const struct sigaction *action)
{
    struct sigaction ours = *action;
    ours.sa_sigaction = handlers_call;
    ours.sa_flags = (ours.sa_flags & ~OUR_FLAGS) | SA_SIGINFO;
    sigfillset(&ours.sa_mask);
    sigdelset(&ours.sa_mask, SIGSYS);
    return ours;
}

/* The stop signal is one that nobody has set, and that nobody can set: programs look through all
 * signals for handlers that others have left them, or set all to SIG_DFL before they call exec. */
static int action_of_stop(const struct sigaction *action, struct sigaction *old)
{
    if (action && action->sa_handler != SIG_DFL)
        return errno = EINVAL, -1;
    if (old)
        *old = (struct sigaction){.sa_handler = SIG_DFL};
    return 0;
}

EXPORTED int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    if (number <= 0 || number >= NSIG)
        return errno = EINVAL, -1;
    if (number == signals_stop())
        return action_of_stop(action, old);
    struct sigaction before = handlers_noted(number), ours;
    if (action) {
        ours = ending_action(number, action);
        if (is_function(&ours)) {
            handlers_note(number, &ours);
            ours = wrapper(&ours);
        }
    }
    int result = faults_action(number, action ? &ours : NULL, old);
    if (result == 0 && old)
        unwrap(&before, old);
    return result;
}
