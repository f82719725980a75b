#include "world/signals.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "world/handlers.h"
#include "world/stop.h"

/* Above those that programs take first (SIGRTMIN and up), and below those that debuggers
 * and run-time systems take (SIGRTMAX and down). */
enum { DEFAULT_ABOVE_RTMIN = 18 };

enum { KERNEL_SET_BYTES = 8 };

static int stop_signal PRIVATE_DATA; /* 0: not installed yet.  Atomic */

UNWATCHED static void on_stop(int number, siginfo_t *information, void *context)
{
    (void)number;
    int saved_errno = errno;
    if (world_stops_at(context))
        world_arrived(context, information->si_code != SI_TKILL);
    errno = saved_errno;
}

static bool is_valid(size_t number)
{
    return number >= (size_t)SIGRTMIN && number <= (size_t)SIGRTMAX;
}

int signals_stop(void)
{
    int installed = __atomic_load_n(&stop_signal, __ATOMIC_RELAXED);
    if (installed)
        return installed;
    if (is_valid(options.signal))
        return (int)options.signal;
    int usual = SIGRTMIN + DEFAULT_ABOVE_RTMIN;
    return usual <= SIGRTMAX ? usual : SIGRTMAX;
}

bool signals_install(void)
{
    struct sigaction action = {.sa_sigaction = on_stop,
                               .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    if (options.signal && !is_valid(options.signal))
        log_line("option signal: %zu is no real-time signal (%d to %d)", options.signal,
                 SIGRTMIN, SIGRTMAX);
    int number = signals_stop();
    if (handlers_set_stop(number, &action) != 0)
        return false;
    __atomic_store_n(&stop_signal, number, __ATOMIC_RELAXED);
    return true;
}

enum sent signals_send(pid_t tid)
{
    if (syscall(SYS_tgkill, getpid(), tid, signals_stop()) == 0)
        return SENT;
    if (errno == ESRCH)
        return SENT_TO_NOBODY;
    syscall(SYS_kill, getpid(), signals_stop());
    return SENT_TO_SOME;
}

/* ThreadSanitizer hands what has come before over at an atomic operation: here, not while
 * the signals are blocked. */
static void set_mask(const sigset_t *mask, sigset_t *saved)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, saved, KERNEL_SET_BYTES);
    if (GC_TSAN)
        signals_stop();
}

static void block(sigset_t *saved, bool stops)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigset_t all;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&all, faults[i]);
    if (stops)
        sigdelset(&all, signals_stop());
    set_mask(&all, saved);
}

void signals_block(sigset_t *saved)
{
    block(saved, false);
}

void signals_block_all(sigset_t *saved)
{
    sigset_t all;
    sigfillset(&all);
    set_mask(&all, saved);
}

void signals_block_handlers(sigset_t *saved)
{
    block(saved, true);
}

void signals_open(void)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, signals_stop());
    syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &stop, NULL, KERNEL_SET_BYTES);
}

void signals_restore(const sigset_t *saved)
{
    set_mask(saved, NULL);
}

void signals_restore_open(const sigset_t *saved)
{
    sigset_t open = *saved;
    sigdelset(&open, signals_stop());
    set_mask(&open, NULL);
}
