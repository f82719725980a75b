/* The functions that block signals or wait for them, in front of the C library's: the
 * stop signal stays out of every set.  Where the C library's are not to be found, in
 * programs that are linked statically, the system calls behind them are made here; then
 * they are no cancellation points. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mask.h"
#include "world/next.h"
#include "world/signals.h"

LINKED(masks);

/* The set without the stop signal, in memory of the caller's; NULL stays NULL. */
static const sigset_t *without(const sigset_t *set, sigset_t *copy)
{
    if (!set)
        return NULL;
    *copy = (sigset_t){0};
    mask_store(copy, mask_of(set) & ~mask_bit(signals_stop()));
    return copy;
}

/* For the functions whose set the C library does not read, but the kernel: one that cannot be read
 * stays, so that the kernel says EFAULT, and is not read here.  The kernel reads a set before it
 * sees that there is no such change of the mask. */
static const sigset_t *readable_without(const sigset_t *set, sigset_t *copy)
{
    enum { NO_CHANGE = -1 };
    int saved_errno = errno;
    bool is_read = set && mask_change(NO_CHANGE, set, NULL) < 0 && errno == EINVAL;
    errno = saved_errno;
    return is_read ? without(set, copy) : set;
}

/* ---- Masks ------------------------------------------------------------------------- */

static int system_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    return (int)mask_change(how, set, old);
}

EXPORTED int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    sigset_t copy;
    const sigset_t *allowed = how == SIG_UNBLOCK ? set : without(set, &copy);
    __typeof__(&sigprocmask) next = NEXT(sigprocmask, NO_FALLBACK(sigprocmask));
    return (next ? next : system_sigprocmask)(how, allowed, old);
}

EXPORTED int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    sigset_t copy;
    const sigset_t *allowed = how == SIG_UNBLOCK ? set : without(set, &copy);
    __typeof__(&pthread_sigmask) next =
        NEXT(pthread_sigmask, NO_FALLBACK(pthread_sigmask));
    if (next)
        return next(how, allowed, old);
    int saved_errno = errno;
    int error = system_sigprocmask(how, allowed, old) == 0 ? 0 : errno;
    errno = saved_errno;
    return error;
}

EXPORTED int sighold(int number)
{
    sigset_t set;
    sigemptyset(&set);
    return sigaddset(&set, number) == 0 ? sigprocmask(SIG_BLOCK, &set, NULL) : -1;
}

/* ---- Waiting with a mask ----------------------------------------------------------- */

static int system_sigsuspend(const sigset_t *set)
{
    return (int)syscall(SYS_rt_sigsuspend, set, MASK_BYTES);
}

EXPORTED int sigsuspend(const sigset_t *set)
{
    sigset_t copy;
    __typeof__(&sigsuspend) next = NEXT(sigsuspend, NO_FALLBACK(sigsuspend));
    return (next ? next : system_sigsuspend)(readable_without(set, &copy));
}

/* The kernel writes to its copy of the time. */
static int system_ppoll(struct pollfd *files, nfds_t count,
                        const struct timespec *timeout, const sigset_t *set)
{
    struct timespec t;
    if (timeout)
        t = *timeout;
    return (int)syscall(SYS_ppoll, files, count, timeout ? &t : NULL, set, MASK_BYTES);
}

EXPORTED int ppoll(struct pollfd *files, nfds_t count, const struct timespec *timeout,
                   const sigset_t *set)
{
    sigset_t copy;
    __typeof__(&ppoll) next = NEXT(ppoll, NO_FALLBACK(ppoll));
    return (next ? next : system_ppoll)(files, count, timeout,
                                        readable_without(set, &copy));
}

/* What programs call that are built with _FORTIFY_SOURCE: the C library's own looks at the array's size, and goes on to
 * its ppoll.  Its length is looked at there, too, before it reads anything. */
int __ppoll_chk(struct pollfd *files, nfds_t count, const struct timespec *timeout,
                const sigset_t *set, size_t bytes);

EXPORTED int __ppoll_chk(struct pollfd *files, nfds_t count,
                         const struct timespec *timeout, const sigset_t *set,
                         size_t bytes)
{
    sigset_t copy;
    __typeof__(&__ppoll_chk) next = NEXT(__ppoll_chk, NO_FALLBACK(__ppoll_chk));
    set = readable_without(set, &copy);
    if (next)
        return next(files, count, timeout, set, bytes);
    if (bytes / sizeof *files < count)
        __builtin_trap();
    return system_ppoll(files, count, timeout, set);
}

static int system_pselect(int count, fd_set *read, fd_set *write, fd_set *except,
                          const struct timespec *timeout, const sigset_t *set)
{
    struct timespec t;
    struct {
        const sigset_t *set;
        size_t bytes;
    } mask = {set, MASK_BYTES};
    if (timeout)
        t = *timeout;
    return (int)syscall(SYS_pselect6, count, read, write, except, timeout ? &t : NULL,
                        &mask);
}

EXPORTED int pselect(int count, fd_set *read, fd_set *write, fd_set *except,
                     const struct timespec *timeout, const sigset_t *set)
{
    sigset_t copy;
    __typeof__(&pselect) next = NEXT(pselect, NO_FALLBACK(pselect));
    return (next ? next : system_pselect)(count, read, write, except, timeout,
                                          readable_without(set, &copy));
}

static int system_epoll_pwait(int file, struct epoll_event *events, int count,
                              int timeout, const sigset_t *set)
{
    return (int)syscall(SYS_epoll_pwait, file, events, count, timeout, set, MASK_BYTES);
}

EXPORTED int epoll_pwait(int file, struct epoll_event *events, int count, int timeout,
                         const sigset_t *set)
{
    sigset_t copy;
    __typeof__(&epoll_pwait) next = NEXT(epoll_pwait, NO_FALLBACK(epoll_pwait));
    return (next ? next : system_epoll_pwait)(file, events, count, timeout,
                                              readable_without(set, &copy));
}

#ifdef SYS_epoll_pwait2
/* epoll_pwait2 is declared here, as older C libraries do not have it. */
int epoll_pwait2(int file, struct epoll_event *events, int count,
                 const struct timespec *timeout, const sigset_t *set);

static int system_epoll_pwait2(int file, struct epoll_event *events, int count,
                               const struct timespec *timeout, const sigset_t *set)
{
    return (int)syscall(SYS_epoll_pwait2, file, events, count, timeout, set, MASK_BYTES);
}

EXPORTED int epoll_pwait2(int file, struct epoll_event *events, int count,
                          const struct timespec *timeout, const sigset_t *set)
{
    sigset_t copy;
    __typeof__(&epoll_pwait2) next = NEXT(epoll_pwait2, NO_FALLBACK(epoll_pwait2));
    return (next ? next : system_epoll_pwait2)(file, events, count, timeout,
                                               readable_without(set, &copy));
}
#endif

/* ---- Taking signals ---------------------------------------------------------------- */

static int system_sigtimedwait(const sigset_t *set, siginfo_t *information,
                               const struct timespec *timeout)
{
    return (int)syscall(SYS_rt_sigtimedwait, set, information, timeout, MASK_BYTES);
}

EXPORTED int sigtimedwait(const sigset_t *set, siginfo_t *information,
                          const struct timespec *timeout)
{
    sigset_t copy;
    __typeof__(&sigtimedwait) next = NEXT(sigtimedwait, NO_FALLBACK(sigtimedwait));
    return (next ? next : system_sigtimedwait)(readable_without(set, &copy), information,
                                               timeout);
}

EXPORTED int sigwaitinfo(const sigset_t *set, siginfo_t *information)
{
    return sigtimedwait(set, information, NULL);
}

/* An interruption, by the stop signal for one, is no end of the wait. */
EXPORTED int sigwait(const sigset_t *set, int *number)
{
    int saved_errno = errno, taken;
    do
        taken = sigtimedwait(set, NULL, NULL);
    while (taken < 0 && errno == EINTR);
    int error = taken < 0 ? errno : 0;
    if (taken >= 0)
        *number = taken;
    errno = saved_errno;
    return error;
}

EXPORTED int signalfd(int file, const sigset_t *set, int flags)
{
    sigset_t copy;
    __typeof__(&signalfd) next = NEXT(signalfd, NO_FALLBACK(signalfd));
    const sigset_t *allowed = readable_without(set, &copy);
    if (next)
        return next(file, allowed, flags);
    return (int)syscall(SYS_signalfd4, file, allowed, MASK_BYTES, flags);
}
