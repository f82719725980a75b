/* The functions for contexts, children and memory that the collector has in front of the C
 * library's. */
#include <errno.h>
#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "behind.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static ucontext_t here, there;
static volatile int visits;
static char context_stack[64 << 10];

enum { NUMBERS = 1000 };
static long numbers[NUMBERS];

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

static int by_size(const void *a, const void *b)
{
    return (*(const long *)a > *(const long *)b) - (*(const long *)a < *(const long *)b);
}

static int by_size_with(const void *a, const void *b, void *argument)
{
    return argument == numbers ? by_size(a, b) : 0;
}

static void fill_numbers(void)
{
    for (long i = 0; i < NUMBERS; i++)
        numbers[i] = i * 7919 % NUMBERS;
}

static void call_qsort(void)
{
    fill_numbers();
    THEIRS(qsort)(numbers, NUMBERS, sizeof numbers[0], by_size);
    check(numbers[0] == 0 && numbers[NUMBERS - 1] == NUMBERS - 1);
}

static void call_qsort_r(void)
{
    fill_numbers();
    THEIRS(qsort_r)(numbers, NUMBERS, sizeof numbers[0], by_size_with, numbers);
    check(numbers[0] == 0 && numbers[NUMBERS - 1] == NUMBERS - 1);
}

static void call_timer_create(void)
{
    timer_t timer;
    check(THEIRS(timer_create)(CLOCK_MONOTONIC, NULL, &timer) == 0);
}

static void call_timer_delete(void)
{
    timer_t timer;
    check(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0 &&
          THEIRS(timer_delete)(timer) == 0);
}

static void call_mq_notify(void)
{
    check(THEIRS(mq_notify)((mqd_t)-1, NULL) == -1);
}

static void call_epoll_ctl(void)
{
    check(THEIRS(epoll_ctl)(-1, EPOLL_CTL_DEL, -1, NULL) == -1);
}

static void call_lio_listio(void)
{
    static struct aiocb *const list[1];
    check(THEIRS(lio_listio)(LIO_WAIT, list, 1, NULL) == 0);
}

static void call_lio_listio64(void)
{
    static struct aiocb64 *const list[1];
    check(THEIRS(lio_listio64)(LIO_WAIT, list, 1, NULL) == 0);
}

static void call_getaddrinfo_a(void)
{
    static struct gaicb *list[1];
    check(THEIRS(getaddrinfo_a)(GAI_WAIT, list, 1, NULL) == 0);
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

/* A child ends with this status, past the functions that exit would call. */
static void call_exit(void)
{
    __typeof__(&_exit) function = THEIRS(_exit);
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        function(42);
    check(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
          WEXITSTATUS(status) == 42);
}

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

static void call_sigignore(void)
{
    struct sigaction old;
    check(THEIRS(sigignore)(SIGUSR2) == 0);
    check(signal(SIGUSR2, SIG_DFL) == SIG_IGN);
    check(sigaction(SIGUSR2, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
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

const struct call system_calls[] = {
    {"sighold", call_sighold},
    {"sigignore", call_sigignore},
    {"siginterrupt", call_siginterrupt},
    {"epoll_ctl", call_epoll_ctl},
    {"timer_create", call_timer_create},
    {"timer_delete", call_timer_delete},
    {"mq_notify", call_mq_notify},
    {"lio_listio", call_lio_listio},
    {"lio_listio64", call_lio_listio64},
    {"getaddrinfo_a", call_getaddrinfo_a},
    {"qsort", call_qsort},
    {"qsort_r", call_qsort_r},
    {"swapcontext", call_swapcontext},
    {"setcontext", call_setcontext},
    {"_exit", call_exit},
    {"_Exit", call_exit},
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
    {0},
};
