/* A program that has the C library in front of the collector in the order of search, and is
 * not linked with that.  It calls each function that the collector has in front of the C
 * library's, as found in the collector; with "names" it says which those are. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int use(void);

static void *collector;
static const char *present;
static int failed;

/* The collector's function of this name. */
static void *find(void)
{
    void *function = dlsym(collector, present);
    if (!function)
        printf("%s: %s\n", present, dlerror());
    return function;
}

#define THEIRS(name) ((__typeof__(&name))find())

static void check(int right)
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
/* ---- Contexts and children ------------------------------------------------------------- */

static ucontext_t here, there;
static volatile int visits;
static char context_stack[64 << 10];

static void enter(void)
{
    visits++;
}

static void make_context(void)
{
    getcontext(&there);
    there.uc_stack.ss_sp = context_stack;
    there.uc_stack.ss_size = sizeof context_stack;
    there.uc_link = &here;
    sigfillset(&there.uc_sigmask);
    makecontext(&there, enter, 0);
}

static void call_swapcontext(void)
{
    visits = 0;
    make_context();
    check(THEIRS(swapcontext)(&here, &there) == 0 && visits == 1);
}

static void call_setcontext(void)
{
    __typeof__(&setcontext) function = THEIRS(setcontext);
    visits = 0;
    make_context();
    getcontext(&here);
    if (visits == 0)
        function(&there);
    check(visits == 1);
}

static void call_chroot(void)
{
    check(THEIRS(chroot)("/nowhere/at/all") == -1);
}

static int is_zero(pid_t child)
{
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void call_vfork(void)
{
    __typeof__(&vfork) function = THEIRS(vfork);
    pid_t child = function();
    if (child == 0)
        _exit(0);
    check(is_zero(child));
}

static char *const command[] = {"true", NULL};

static void call_spawn(void)
{
    pid_t child = 0;
    check(THEIRS(posix_spawn)(&child, "/bin/true", NULL, NULL, command, environ) == 0 &&
          is_zero(child));
}

static void call_spawnp(void)
{
    pid_t child = 0;
    check(THEIRS(posix_spawnp)(&child, "true", NULL, NULL, command, environ) == 0 &&
          is_zero(child));
}

/* Each in a child, which is "true" if all is well. */
#define EXEC(name, ...)                \
    static void call_##name(void)      \
    {                                  \
        pid_t child = fork();          \
        if (child == 0)                \
            THEIRS(name)(__VA_ARGS__); \
        if (child == 0)                \
            _exit(1);                  \
        check(is_zero(child));         \
    }

EXEC(execl, "/bin/true", "true", (char *)NULL)
EXEC(execle, "/bin/true", "true", (char *)NULL, environ)
EXEC(execlp, "true", "true", (char *)NULL)
EXEC(execv, "/bin/true", command)
EXEC(execve, "/bin/true", command, environ)
EXEC(execveat, AT_FDCWD, "/bin/true", command, environ, 0)
EXEC(execvp, "true", command)
EXEC(execvpe, "true", command, environ)
EXEC(fexecve, open("/bin/true", O_RDONLY), command, environ)

static void call_sighold(void)
{
    sigset_t set;
    check(THEIRS(sighold)(SIGUSR2) == 0);
    sigprocmask(SIG_SETMASK, NULL, &set);
    check(sigismember(&set, SIGUSR2) == 1);
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

static void call_siginterrupt(void)
{
    check(THEIRS(siginterrupt)(SIGUSR2, 1) == 0);
}

/* ---- Memory ---------------------------------------------------------------------------- */

static void *map(int flags, void *address)
{
    return THEIRS(mmap)(address, 1, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void call_mmap(void)
{
    char *page = map(0, NULL);
    check(page != MAP_FAILED && *page == 0);
    *page = 1;
    check(map(MAP_FIXED, page) == page && *page == 0);
}

static void call_mprotect(void)
{
    void *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(THEIRS(mprotect)(page, 1, PROT_NONE) == 0);
}

static void call_pkey_mprotect(void)
{
    int got = THEIRS(pkey_mprotect)(
        mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, PROT_NONE, -1);
    check(got == 0 || errno == ENOSYS);
}

static void call_munmap(void)
{
    void *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(THEIRS(munmap)(page, 1) == 0 && msync(page, 1, MS_ASYNC) != 0);
}

static void call_mremap(void)
{
    size_t bytes = 1 << 16;
    char *old =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *to = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *old = 1;
    check(THEIRS(mremap)(old, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to &&
          *to == 1);
}

static void call_madvise(void)
{
    char *page =
        mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 1;
    check(THEIRS(madvise)(page, 1, MADV_DONTNEED) == 0 && *page == 0);
}

static const struct {
    const char *name;
    void (*call)(void);
} calls[] = {
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
    {"sighold", call_sighold},
    {"siginterrupt", call_siginterrupt},
    {"swapcontext", call_swapcontext},
    {"setcontext", call_setcontext},
    {"vfork", call_vfork},
    {"chroot", call_chroot},
    {"execl", call_execl},
    {"execle", call_execle},
    {"execlp", call_execlp},
    {"execv", call_execv},
    {"execve", call_execve},
    {"execveat", call_execveat},
    {"execvp", call_execvp},
    {"execvpe", call_execvpe},
    {"fexecve", call_fexecve},
    {"posix_spawn", call_spawn},
    {"posix_spawnp", call_spawnp},
    {"mmap", call_mmap},
    {"mmap64", call_mmap},
    {"mprotect", call_mprotect},
    {"pkey_mprotect", call_pkey_mprotect},
    {"madvise", call_madvise},
    {"munmap", call_munmap},
    {"mremap", call_mremap},
};

int main(int count, char **arguments)
{
    int lists = count > 1 && strcmp(arguments[1], "names") == 0;
    collector = count > 1 && !lists ? dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) : NULL;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        present = calls[i].name;
        if (lists)
            puts(present);
        else
            calls[i].call();
    }
    present = "the library";
    if (!lists)
        check(use());
    return failed;
}
