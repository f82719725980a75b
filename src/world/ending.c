/* The handler of signals that end the process, and _exit, in front of the C library's; exec is in exec.c. */
#include "world/ending.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "base/critical.h"
#include "base/futex.h"
#include "base/log.h"
#include "base/mask.h"
#include "trace/objects.h"
#include "world/next.h"
#include "world/registry.h"

LINKED(ending);

/* Those that end a process unless it says otherwise, but for SIGKILL, those for the program's own purposes, which
 * other libraries may look for, and SIGSYS, by which a sandbox keeps from system calls that a report makes. */
static const int numbers[] = {SIGHUP, SIGINT,  SIGQUIT, SIGILL,  SIGABRT, SIGBUS,
                              SIGFPE, SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU};

enum {
    NUMBERS = sizeof numbers / sizeof numbers[0],
    PATIENCE = 60, /* seconds that a hook may take after a fault */
    LOADER_WAITS = 200,
    LOADER_WAIT_NS = 1000000,
};

static const struct ending_hooks *told PRIVATE_DATA;
static pid_t watched PRIVATE_DATA; /* the process, whose children have another number */

/* A fault inside of the library, and a child of vfork, would tell what is not so. */
static bool tell(const struct ending_hooks *hooks)
{
    if (!hooks || critical.depth > 0 || !registry_is_here())
        return false;
    return hooks->ends();
}

/* ---- Signals -------------------------------------------------------------------------------- */

/* When the handler returns the code goes on at what has failed, which fails again. */
static bool fails_again(int number, const siginfo_t *information)
{
    bool of_code =
        number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL;
    return of_code && information->si_code > 0;
}

/* The library's handlers go: another signal meanwhile ends the process at once, and so does a fault of the
 * hook's own.  What is the program's stays. */
static void give_back(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL}, now;
    told = NULL;
    for (unsigned i = 0; i < NUMBERS; i++)
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            next_sigaction(numbers[i], &usual, NULL);
}

/* The loader is at rest.  A report has it load what reads debug information, and it ends the process where it is in the
 * midst of something; so it stays if that is what the signal has interrupted here. */
static bool loader_rests(void)
{
    for (int i = 0; i < LOADER_WAITS && !objects_are_settled(); i++)
        futex_rest(LOADER_WAIT_NS);
    return objects_are_settled();
}

/* A fault may have come while a lock of the C library was held, for which the hook would wait for ever. */
static void on_end(int number, siginfo_t *information, void *context)
{
    const struct ending_hooks *hooks = told;
    uint64_t mask = mask_bit(number);
    bool fault = fails_again(number, information);
    (void)context;
    give_back();
    mask_change(SIG_UNBLOCK, &mask, NULL);
    if (fault)
        alarm(PATIENCE);
    if (loader_rests())
        tell(hooks);
    else
        log_line(
            "signal %d ends the program while it loads a library: there is no report",
            number);
    if (fault)
        return;
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), number, information) != 0)
        syscall(SYS_tgkill, getpid(), gettid(), number);
}

static bool is_told(int number)
{
    bool is = false;
    for (unsigned i = 0; i < NUMBERS; i++)
        is |= numbers[i] == number;
    return is && told;
}

struct sigaction ending_action(int number, const struct sigaction *action)
{
    struct sigaction ours = {.sa_sigaction = on_end,
                             .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESTART)};
    return action->sa_handler == SIG_DFL && is_told(number) ? ours : *action;
}

bool ending_is_ours(const struct sigaction *action)
{
    return action->sa_sigaction == on_end;
}

void ending_watch(const struct ending_hooks *hooks)
{
    struct sigaction usual = {.sa_handler = SIG_DFL}, now;
    told = hooks;
    watched = getpid();
    for (unsigned i = 0; i < NUMBERS; i++)
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            sigaction(numbers[i], &usual, NULL);
}

/* ---- exec ------------------------------------------------------------------------------------- */

bool ending_is_watched(void)
{
    return told && watched == getpid();
}

/* A handler of a fault that calls exec, to have a debugger look or to begin anew, is not to wait for anything. */
bool ending_tell(void)
{
    uint64_t blocked = 0;
    mask_change(SIG_BLOCK, NULL, &blocked);
    return !(blocked & mask_faults()) && tell(told);
}

void ending_take_back(void)
{
    const struct ending_hooks *hooks = told;
    if (hooks)
        hooks->goes_on();
}

/* ---- _exit ------------------------------------------------------------------------------------ */

static __typeof__(&_exit) next_exit(void)
{
    return NEXT(_exit, NO_FALLBACK(_exit));
}

EXPORTED void _exit(int status)
{
    __typeof__(&_exit) next = next_exit();
    const struct ending_hooks *hooks = told;
    tell(hooks);
    if (hooks && registry_is_here())
        status = hooks->status(status);
    if (next)
        next(status);
    for (;;)
        syscall(SYS_exit_group, status);
}

EXPORTED void _Exit(int status)
{
    _exit(status);
}
