/* A program that has the C library in front of the collector in the order of search, and is
 * not linked with that.  It calls each function that the collector has in front of the C
 * library's, as found in the collector; with "names" it says which those are. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "behind.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int use(void);

void *collector;
const char *present;
int failed;

void *find(void)
{
    void *function = dlsym(collector, present);
    if (!function)
        printf("%s: %s\n", present, dlerror());
    return function;
}

void check(int right)
{
    if (!right)
        printf("%s does not do what it should\n", present);
    failed |= !right;
}

static void *nothing(void *argument)
{
    return argument;
}

static void *leave(void *argument)
{
    THEIRS(pthread_exit)(argument);
    return NULL;
}

static pthread_t begin(void *(*work)(void *))
{
    pthread_t thread = pthread_self();
    check(pthread_create(&thread, NULL, work, &failed) == 0);
    return thread;
}

static int visit(struct dl_phdr_info *information, size_t size, void *seen)
{
    (void)information, (void)size;
    *(int *)seen = 1;
    return 0;
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
    handled = number;
}

static const struct timespec no_time;

static void call_iterate(void)
{
    int seen = 0;
    THEIRS(dl_iterate_phdr)(visit, &seen);
    check(seen);
}

static void call_close(void)
{
    void *library = dlopen(NULL, RTLD_NOW);
    check(THEIRS(dlclose)(library) == 0);
}

static void call_create(void)
{
    pthread_t thread;
    check(THEIRS(pthread_create)(&thread, NULL, nothing, NULL) == 0);
    pthread_join(thread, NULL);
}

static void call_join(void)
{
    check(THEIRS(pthread_join)(begin(nothing), NULL) == 0);
}

static void call_tryjoin(void)
{
    pthread_t thread = begin(nothing);
    int error;
    while ((error = THEIRS(pthread_tryjoin_np)(thread, NULL)) == EBUSY)
        usleep(1000);
    check(error == 0);
}

static void call_timedjoin(void)
{
    struct timespec until = {.tv_sec = time(NULL) + 100};
    check(THEIRS(pthread_timedjoin_np)(begin(nothing), NULL, &until) == 0);
}

static void call_clockjoin(void)
{
    struct timespec until = {.tv_sec = time(NULL) + 100};
    check(THEIRS(pthread_clockjoin_np)(begin(nothing), NULL, CLOCK_REALTIME, &until) ==
          0);
}

static void call_detach(void)
{
    check(THEIRS(pthread_detach)(begin(nothing)) == 0);
}

static void call_exit(void)
{
    void *result = NULL;
    pthread_join(begin(leave), &result);
    check(result == &failed);
}

static int number(void *argument)
{
    return argument == &failed ? 7 : 0;
}

static int leave_with(void *argument)
{
    (void)argument;
    THEIRS(thrd_exit)(8);
    return 0;
}

static void call_standard_create(void)
{
    thrd_t thread;
    int result = 0;
    check(THEIRS(thrd_create)(&thread, number, &failed) == thrd_success);
    check(thrd_join(thread, &result) == thrd_success && result == 7);
}

static void call_standard_join(void)
{
    thrd_t thread;
    int result = 0;
    check(thrd_create(&thread, number, &failed) == thrd_success);
    check(THEIRS(thrd_join)(thread, &result) == thrd_success && result == 7);
}

static void call_standard_detach(void)
{
    thrd_t thread;
    check(thrd_create(&thread, number, &failed) == thrd_success);
    check(THEIRS(thrd_detach)(thread) == thrd_success);
}

static void call_standard_exit(void)
{
    thrd_t thread;
    int result = 0;
    check(thrd_create(&thread, leave_with, NULL) == thrd_success);
    check(thrd_join(thread, &result) == thrd_success && result == 8);
}

static void call_sigmask(void)
{
    sigset_t set;
    check(THEIRS(pthread_sigmask)(SIG_BLOCK, NULL, &set) == 0);
}

static void call_procmask(void)
{
    sigset_t set;
    check(THEIRS(sigprocmask)(SIG_BLOCK, NULL, &set) == 0);
}

static void call_epoll(void)
{
    struct epoll_event event;
    int file = epoll_create1(0);
    check(THEIRS(epoll_pwait)(file, &event, 1, 0, NULL) == 0);
    close(file);
}

static void call_epoll2(void)
{
    struct epoll_event event;
    int file = epoll_create1(0);
    int got = THEIRS(epoll_pwait2)(file, &event, 1, &no_time, NULL);
    check(got == 0 || errno == ENOSYS || errno == EPERM);
    close(file);
}

static void call_ppoll(void)
{
    check(THEIRS(ppoll)(NULL, 0, &no_time, NULL) == 0);
}

int __ppoll_chk(struct pollfd *files, nfds_t count, const struct timespec *timeout,
                const sigset_t *set, size_t bytes);

static void call_ppoll_checked(void)
{
    struct pollfd none = {.fd = -1};
    check(THEIRS(__ppoll_chk)(&none, 1, &no_time, NULL, sizeof none) == 0);
}

static void call_pselect(void)
{
    check(THEIRS(pselect)(0, NULL, NULL, NULL, &no_time, NULL) == 0);
}

static void call_sigaction(void)
{
    struct sigaction action = {.sa_handler = handle};
    check(THEIRS(sigaction)(SIGUSR1, &action, NULL) == 0);
    raise(SIGUSR1);
    check(handled == SIGUSR1);
}

static void call_signal(void)
{
    handled = 0;
    check(THEIRS(signal)(SIGUSR2, handle) != SIG_ERR);
    raise(SIGUSR2);
    check(handled == SIGUSR2);
}

static void call_sigset(void)
{
    __typeof__(&signal) function = THEIRS(signal);
    check(function(SIGUSR2, handle) != SIG_ERR);
}

static void call_signalfd(void)
{
    sigset_t set;
    sigemptyset(&set);
    int file = THEIRS(signalfd)(-1, &set, 0);
    check(file >= 0);
    close(file);
}

/* One of these is pending. */
static void pend(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    raise(SIGUSR1);
}

static void call_suspend(void)
{
    sigset_t set;
    pend(&set);
    sigemptyset(&set);
    check(THEIRS(sigsuspend)(&set) == -1 && errno == EINTR);
}

static void call_wait(void)
{
    sigset_t set;
    int number = 0;
    pend(&set);
    check(THEIRS(sigwait)(&set, &number) == 0 && number == SIGUSR1);
}

static void call_waitinfo(void)
{
    sigset_t set;
    pend(&set);
    check(THEIRS(sigwaitinfo)(&set, NULL) == SIGUSR1);
}

static void call_timedwait(void)
{
    sigset_t set;
    pend(&set);
    check(THEIRS(sigtimedwait)(&set, NULL, &no_time) == SIGUSR1);
}

static const struct call calls[] = {
    {"dl_iterate_phdr", call_iterate},
    {"dlclose", call_close},
    {"pthread_create", call_create},
    {"pthread_join", call_join},
    {"pthread_tryjoin_np", call_tryjoin},
    {"pthread_timedjoin_np", call_timedjoin},
    {"pthread_clockjoin_np", call_clockjoin},
    {"pthread_detach", call_detach},
    {"pthread_exit", call_exit},
    {"thrd_create", call_standard_create},
    {"thrd_join", call_standard_join},
    {"thrd_detach", call_standard_detach},
    {"thrd_exit", call_standard_exit},
    {"pthread_sigmask", call_sigmask},
    {"sigprocmask", call_procmask},
    {"epoll_pwait", call_epoll},
    {"epoll_pwait2", call_epoll2},
    {"ppoll", call_ppoll},
    {"__ppoll_chk", call_ppoll_checked},
    {"pselect", call_pselect},
    {"sigaction", call_sigaction},
    {"signal", call_signal},
    {"ssignal", call_signal},
    {"bsd_signal", call_signal},
    {"sysv_signal", call_signal},
    {"__sysv_signal", call_signal},
    {"sigset", call_sigset},
    {"signalfd", call_signalfd},
    {"sigsuspend", call_suspend},
    {"sigwait", call_wait},
    {"sigwaitinfo", call_waitinfo},
    {"sigtimedwait", call_timedwait},
    {0},
};

static void make(const struct call *c, int lists)
{
    for (; c->name; c++) {
        present = c->name;
        if (lists)
            puts(present);
        else
            c->make();
    }
}

int main(int count, char **arguments)
{
    int lists = count > 1 && strcmp(arguments[1], "names") == 0;
    collector = count > 1 && !lists ? dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) : NULL;
    make(calls, lists);
    make(system_calls, lists);
    present = "the library";
    if (!lists)
        check(use());
    return failed;
}
