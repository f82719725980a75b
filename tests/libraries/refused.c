/* Calls functions that the collector has in front of the C library's with addresses that the
 * kernel refuses, where the C library leaves it to the kernel to look, and prints what each says.
 * The output with the collector is the output without it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnonnull"

/* The address, of which a compiler that knows it would draw conclusions. */
static void *volatile bad;
static const struct timespec soon = {0, 1};
static struct epoll_event event;
static siginfo_t information;
static int number;

static int sigwait_error(void)
{
    return errno = sigwait(bad, &number), -1;
}

#define CALLS(CALL)                                                                     \
    CALL(ppoll(NULL, 0, &soon, bad))                                                    \
    CALL(ppoll(bad, 1, &soon, NULL))                                                    \
    CALL(pselect(0, NULL, NULL, NULL, &soon, bad))                                      \
    CALL(pselect(1, bad, NULL, NULL, &soon, NULL))                                      \
    CALL(epoll_pwait(epoll_create1(0), &event, 1, 1, bad))                              \
    CALL(epoll_pwait(epoll_create1(0), bad, 1, 1, NULL))                                \
    CALL(sigsuspend(bad))                                                               \
    CALL(sigtimedwait(bad, &information, &soon))                                        \
    CALL(sigwaitinfo(bad, &information))                                                \
    CALL(sigwait_error())                                                               \
    CALL(signalfd(-1, bad, 0))                                                          \
    CALL(sigprocmask(SIG_BLOCK, NULL, bad))                                             \
    CALL(sigaction(SIGUSR1, NULL, NULL))                                                \
    CALL(execve(bad, (char *[]){"x", NULL}, environ))                                   \
    CALL(execve("/bin/true", bad, environ))                                             \
    CALL(execve("/bin/true", (char *[]){"true", NULL}, bad))                            \
    CALL(execv("/bin/true", bad))                                                       \
    CALL(execvp("true", bad))                                                           \
    CALL(fexecve(-1, bad, bad))                                                         \
    CALL(madvise(bad, 4096, MADV_DONTNEED))                                             \
    CALL(mprotect(bad, 4096, PROT_READ))                                                \
    CALL(munmap(bad, 4096))                                                             \
    CALL(mmap(bad, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 \
                                                                                   : 0) \
    CALL(mremap(bad, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0)                \
    CALL(chroot(bad))

/* A fault of the C library's own counts as its answer. */
#define CALL(call)                                              \
    if (fork() == 0) {                                          \
        alarm(10);                                              \
        errno = 0;                                              \
        int result = (call);                                    \
        printf("%s: %d, %s\n", #call, result, strerror(errno)); \
        fflush(stdout);                                         \
        _exit(0);                                               \
    } else {                                                    \
        int status;                                             \
        wait(&status);                                          \
        if (status)                                             \
            printf("%s: signal %d\n", #call, WTERMSIG(status)); \
    }                                                           \
    fflush(stdout);

static int call_all(void)
{
    CALLS(CALL)
    return 0;
}

/* What is no address at all: contexts are looked at without a question to the kernel. */
static int call_contexts(void)
{
    static ucontext_t here;
    CALL(setcontext(bad))
    CALL(swapcontext(&here, bad))
    return 0;
}

int main(void)
{
    void *const no_addresses[] = {NULL, (void *)8, (void *)-4096, (void *)(1UL << 62)};
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page, 4096);
    bad = page;
    call_all();
    for (size_t i = 0; i < sizeof no_addresses / sizeof no_addresses[0]; i++) {
        printf("%p:\n", bad = no_addresses[i]);
        fflush(stdout);
        call_all();
        call_contexts();
    }
    return 0;
}
