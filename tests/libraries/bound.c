/* Says, one a line, which of the functions that the collector has in front of the C library's
 * are the collector's for who refers to them here: in a library that was linked without the
 * collector, and in a program.  Whether they work is not asked here. */
#include <aio.h>
#include <dlfcn.h>
#include <link.h>
#include <mqueue.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <threads.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define FUNCTION(name)                \
    {                                 \
#name, (void (*)(void))(name) \
    }

void list_bound(void);

__sighandler_t bsd_signal(int number, __sighandler_t function);
__sighandler_t sysv_signal(int number, __sighandler_t function);
int __ppoll_chk(struct pollfd *files, nfds_t count, const struct timespec *timeout,
                const sigset_t *set, size_t bytes);
__sighandler_t __sysv_signal(int number, __sighandler_t function);

static const struct {
    const char *name;
    void (*function)(void);
} functions[] = {
    FUNCTION(dl_iterate_phdr),
    FUNCTION(pthread_create),
    FUNCTION(pthread_join),
    FUNCTION(pthread_tryjoin_np),
    FUNCTION(pthread_timedjoin_np),
    FUNCTION(pthread_clockjoin_np),
    FUNCTION(pthread_detach),
    FUNCTION(pthread_exit),
    FUNCTION(pthread_sigmask),
    FUNCTION(sigprocmask),
    FUNCTION(epoll_pwait),
    FUNCTION(epoll_pwait2),
    FUNCTION(ppoll),
    FUNCTION(__ppoll_chk),
    FUNCTION(pselect),
    FUNCTION(sigaction),
    FUNCTION(signal),
    FUNCTION(ssignal),
    FUNCTION(sysv_signal),
    FUNCTION(__sysv_signal),
    FUNCTION(sigset),
    FUNCTION(signalfd),
    FUNCTION(sigsuspend),
    FUNCTION(sigwait),
    FUNCTION(sigwaitinfo),
    FUNCTION(sigtimedwait),
    FUNCTION(sighold),
    FUNCTION(sigignore),
    FUNCTION(siginterrupt),
    FUNCTION(epoll_ctl),
    FUNCTION(timer_create),
    FUNCTION(timer_delete),
    FUNCTION(mq_notify),
    FUNCTION(lio_listio),
    FUNCTION(lio_listio64),
    FUNCTION(getaddrinfo_a),
    FUNCTION(qsort),
    FUNCTION(qsort_r),
    FUNCTION(swapcontext),
    FUNCTION(setcontext),
    FUNCTION(chroot),
    FUNCTION(_exit),
    FUNCTION(_Exit),
    FUNCTION(vfork),
    FUNCTION(execl),
    FUNCTION(execle),
    FUNCTION(execlp),
    FUNCTION(execv),
    FUNCTION(execve),
    FUNCTION(execveat),
    FUNCTION(execvp),
    FUNCTION(execvpe),
    FUNCTION(fexecve),
    FUNCTION(posix_spawn),
    FUNCTION(posix_spawnp),
    FUNCTION(dlclose),
    FUNCTION(madvise),
    FUNCTION(mmap),
    FUNCTION(mmap64),
    FUNCTION(mprotect),
    FUNCTION(mremap),
    FUNCTION(munmap),
    FUNCTION(pkey_mprotect),
    FUNCTION(thrd_create),
    FUNCTION(thrd_detach),
    FUNCTION(thrd_exit),
    FUNCTION(thrd_join),
};

void list_bound(void)
{
    Dl_info collector, found;
    void *alloc = dlsym(RTLD_DEFAULT, "gc_alloc");
    if (!alloc || !dladdr(alloc, &collector))
        return;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (dladdr((void *)functions[i].function, &found) &&
            found.dli_fbase == collector.dli_fbase)
            puts(functions[i].name);
}
