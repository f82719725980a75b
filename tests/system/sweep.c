/* Every system call of the library fails, one after the other: the first, the tenth, and each, from
 * before the first use of the heap on, and once a program has its objects.  Nothing may be lost,
 * crash or hang.  The library makes no call that is missing here. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"
#include "graph.h"

/* The library's calls, with the error that each is answered with: what a sandbox says, or what the
 * system says where it has no more of something. */
#define CALL(name, error)     \
    {                         \
#name,                \
        {                     \
            SYS_##name, error \
        }                     \
    }
static const struct {
    const char *name;
    struct answer answer;
} calls[] = {
    CALL(clock_gettime, EPERM),
    CALL(clone, EAGAIN),
    CALL(clone3, ENOSYS),
    CALL(close, EIO),
    CALL(fcntl, EMFILE),
    CALL(flock, ENOLCK),
    CALL(fstat, EPERM),
    CALL(futex, ENOSYS),
    CALL(getcwd, ENOENT),
    CALL(getdents64, EIO),
    CALL(ioctl, EPERM),
    CALL(kill, EPERM),
    CALL(madvise, EINVAL),
    CALL(membarrier, ENOSYS),
    CALL(mincore, EPERM),
    CALL(mmap, ENOMEM),
    CALL(mprotect, ENOMEM),
    CALL(mremap, ENOMEM),
    CALL(munlock, EPERM),
    CALL(munmap, ENOMEM),
    CALL(newfstatat, ENOENT),
    CALL(openat, EMFILE),
    CALL(pipe2, EMFILE),
    CALL(ppoll, EPERM),
    CALL(pread64, EIO),
    CALL(prctl, EPERM),
    CALL(prlimit64, EPERM),
    CALL(process_vm_readv, EPERM),
    CALL(pselect6, EPERM),
    CALL(read, EIO),
    CALL(readlinkat, EACCES),
#ifdef SYS_readlink
    CALL(readlink, EACCES),
#endif
    CALL(rt_sigaction, EPERM),
    CALL(rt_sigpending, EPERM),
    CALL(rt_sigprocmask, EPERM),
    CALL(rt_sigqueueinfo, EAGAIN),
    CALL(rt_sigtimedwait, EPERM),
    CALL(rt_tgsigqueueinfo, EAGAIN),
    CALL(sched_getaffinity, EPERM),
    CALL(sched_yield, ENOSYS),
    CALL(sigaltstack, EPERM),
    CALL(sysinfo, EPERM),
    CALL(tgkill, EPERM),
    CALL(unshare, EPERM),
    CALL(userfaultfd, EPERM),
    CALL(write, ENOSPC),
};

/* Those that cannot fail, the program's own, and what the C library does to start a thread. */
static const long others[] = {
    SYS_brk,
    SYS_exit,
    SYS_exit_group,
    SYS_getpid,
    SYS_getrandom,
    SYS_gettid,
    SYS_nanosleep,
    SYS_rseq,
    SYS_rt_sigreturn,
    SYS_sendmsg,
    SYS_set_robust_list,
    SYS_set_tid_address,
    SYS_wait4,
    SYS_restart_syscall,
};

enum {
    CALLS = sizeof calls / sizeof *calls,
    OTHERS = sizeof others / sizeof *others,
    MOMENTS = 2,
};

/* Several that fail together, each time: what a sandbox keeps a program from.  Where one way to
 * find something out is closed, another one may be, too. */
enum { TOGETHER = 5 };
static const struct answer sets[][TOGETHER] = {
#define NOT(name, error)  \
    {                     \
        SYS_##name, error \
    }
    {NOT(openat, ENOENT), NOT(newfstatat, ENOENT)},
    {NOT(openat, EMFILE), NOT(process_vm_readv, EPERM)},
    {NOT(openat, EACCES), NOT(newfstatat, EACCES), NOT(unshare, EPERM),
     NOT(process_vm_readv, ENOSYS)},
    {NOT(read, EIO), NOT(process_vm_readv, EPERM)},
    {NOT(tgkill, EAGAIN), NOT(rt_tgsigqueueinfo, EAGAIN), NOT(rt_sigqueueinfo, EAGAIN)},
    {NOT(tgkill, EPERM), NOT(kill, EPERM), NOT(rt_tgsigqueueinfo, EPERM)},
    {NOT(prlimit64, EPERM), NOT(sysinfo, EPERM), NOT(sched_getaffinity, EPERM)},
    {NOT(write, EPIPE), NOT(fstat, EPERM), NOT(newfstatat, EPERM)},
    /* Where other libraries block the signal of a trap and make these calls. */
    {NOT(getdents64, EIO), NOT(pipe2, EMFILE)},
    {NOT(clone, EAGAIN), NOT(clone3, EAGAIN)},
    {NOT(madvise, EPERM), NOT(mincore, EPERM), NOT(munmap, ENOMEM), NOT(mremap, EPERM)},
};

enum { SETS = sizeof sets / sizeof *sets, TRAPPED_SETS = 8 };

static char *said;

enum { SAID_BYTES = 4096 };

static const char plain[] = "log=1:log_file=/dev/null";
static const char young[] = "generations=always:young=256K:log=1:log_file=/dev/null";
static const char leaks[] = "leaks=1:log=1:log_file=/dev/null:report=/dev/null";

static struct outcome run(struct failure f, enum graph_moment moment, const char *options)
{
    long allowed[CALLS + OTHERS];
    for (size_t i = 0; i < CALLS; i++)
        allowed[i] = calls[i].answer.number;
    memcpy(allowed + CALLS, others, sizeof others);
    struct graph_run r = {
        .moment = moment,
        .options = options,
        .reports = options == leaks,
        .begin = filter_begin,
        .once = f.nth > 0,
        .said = said,
        .said_bytes = SAID_BYTES,
    };
    said[0] = '\0';
    return filter_run(f, allowed, CALLS + OTHERS, graph_run, &r);
}

/* The C library's own locks end the process by abort where a wait is refused that one of them needs,
 * which is a matter of chance.  This library's checks would end it so, too, which the other rows
 * of the table do not let pass. */
static bool ended_by_a_lock(struct failure f, struct outcome o)
{
    bool waits_fail = false;
    for (size_t i = 0; i < f.count; i++)
        waits_fail |= f.answers[i].number == SYS_futex;
    return waits_fail && WIFSIGNALED(o.status) && WTERMSIG(o.status) == SIGABRT;
}

/* Returns how many such calls were made, where one of them was to fail. */
static unsigned check(struct failure f, enum graph_moment moment, const char *options,
                      const char *what)
{
    struct outcome o = run(f, moment, options);
    if (ended_by_a_lock(f, o))
        o.status = 0;
    ck_assert_msg(o.unknown == NONE, "the library makes the system call %ld", o.unknown);
    ck_assert_msg(!o.hung && o.status == 0,
                  "%s, call %u fails (0: each), %s, %s: %s%x %s", what, f.nth,
                  moment == WHEN_BUILT ? "once the graph is built" : "from the start",
                  options, o.hung ? "hung, " : "status ", (unsigned)o.status, said);
    return o.seen;
}

START_TEST(no_call_is_missing)
{
    check((struct failure){.count = 0}, (enum graph_moment)_i, plain, "none");
    check((struct failure){.count = 0}, (enum graph_moment)_i, young, "none");
    check((struct failure){.count = 0}, (enum graph_moment)_i, leaks, "none");
}
END_TEST

/* Without young collections nobody asks which pages are written, nor measures what that costs. */
static bool is_in_vain(int call, const char *options)
{
    return calls[call].answer.number == SYS_userfaultfd && options != young;
}

static void check_failing_with(int call, enum graph_moment moment, const char *options)
{
    const char *name = calls[call].name;
    struct failure f = {.answers = &calls[call].answer, .count = 1, .nth = 1};
    unsigned made = check(f, moment, options, name);
    ck_assert_msg(made == 0 || !is_in_vain(call, options), "%s is called in vain", name);
    f.nth = 10;
    if (made >= f.nth)
        check(f, moment, options, name);
    f.nth = 0;
    if (made > 0)
        check(f, moment, options, name);
}

/* Young collections ask the kernel what was written. */
static bool is_of_young_collections(int call)
{
    long number = calls[call].answer.number;
    return number == SYS_userfaultfd || number == SYS_ioctl || number == SYS_openat ||
           number == SYS_close;
}

static void check_failing(int call, enum graph_moment moment)
{
    struct failure f = {.answers = &calls[call].answer, .count = 1};
    check_failing_with(call, moment, plain);
    if (is_of_young_collections(call))
        check_failing_with(call, moment, young);
    check(f, moment, leaks, calls[call].name);
}

START_TEST(from_the_start)
{
    check_failing(_i, BEFORE_FIRST_USE);
}
END_TEST

START_TEST(once_built)
{
    check_failing(_i, WHEN_BUILT);
}
END_TEST

static struct failure several(int set)
{
    struct failure f = {.answers = sets[set]};
    while (f.count < TOGETHER && sets[set][f.count].error)
        f.count++;
    return f;
}

START_TEST(in_a_sandbox)
{
    char what[32];
    snprintf(what, sizeof what, "set %d", _i);
    check(several(_i), BEFORE_FIRST_USE, plain, what);
    check(several(_i), WHEN_BUILT, plain, what);
}
END_TEST

START_TEST(in_a_sandbox_that_traps)
{
    char what[32];
    struct failure f = several(_i);
    f.traps = true;
    snprintf(what, sizeof what, "traps of set %d", _i);
    check(f, BEFORE_FIRST_USE, plain, what);
    check(f, WHEN_BUILT, plain, what);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("system calls");
    TCase *c = tcase_create("sweep");
    tcase_set_timeout(c, 0); /* a child that hangs is noticed here */
    tcase_add_loop_test(c, no_call_is_missing, 0, MOMENTS);
    tcase_add_loop_test(c, from_the_start, 0, CALLS);
    tcase_add_loop_test(c, once_built, 0, CALLS);
    tcase_add_loop_test(c, in_a_sandbox, 0, SETS);
    tcase_add_loop_test(c, in_a_sandbox_that_traps, 0, TRAPPED_SETS);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    said =
        mmap(NULL, SAID_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (said == MAP_FAILED || !filter_works()) {
        puts("skipped: this system has no filters of system calls with notifications");
        return 77;
    }
    SRunner *r = srunner_create(suite());
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
