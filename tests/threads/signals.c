/* The stop signal and the program's own. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "threads.h"

static int enough, handled, kept;

static void await_end(void)
{
    set(&kept, 1);
    await(&enough, 1);
}

/* A thread that has blocked whatever can be blocked is stopped all the same. */
static void *block_everything(void *argument)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    sigprocmask(SIG_BLOCK, &all, NULL);
    await_end();
    return argument;
}

static void *wait_for_any(void *argument)
{
    sigset_t all;
    int number;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    set(&kept, 1);
    ck_assert_int_eq(sigwait(&all, &number), 0);
    ck_assert_int_eq(number, SIGUSR2);
    return argument;
}

/* Cut short by SIGUSR2, which comes when the collections are over. */
static void *wait_for_files(void *argument)
{
    sigset_t all;
    struct epoll_event event;
    struct timespec long_time = {.tv_sec = 100};
    int file = epoll_create1(0);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    sigdelset(&all, SIGUSR2);
    set(&kept, 1);
    while (!__atomic_load_n(&enough, __ATOMIC_ACQUIRE)) {
        ck_assert_int_eq(epoll_pwait2(file, &event, 1, &long_time, &all), -1);
        ck_assert_int_eq(errno, EINTR);
    }
    close(file);
    return argument;
}

static void ignore(int number)
{
    (void)number;
}

START_TEST(masks)
{
    void *(*const bodies[])(void *) = {block_everything, wait_for_any, wait_for_files};
    for (int i = 0; i < 3; i++) {
        if (i == 2)
            signal(SIGUSR2, ignore);
        enough = kept = 0;
        pthread_t thread = run(bodies[i], NULL);
        await(&kept, 1);
        for (int j = 0; j < 100; j++)
            gc_collect();
        set(&enough, 1);
        pthread_kill(thread, SIGUSR2);
        joined(thread);
    }
}
END_TEST

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

START_TEST(sets)
{
    sigset_t all, now;
    sigfillset(&all);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &all, NULL), 0);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &all, &now), 0);
    ck_assert_int_eq(sigismember(&now, SIGUSR1), 1);
    ck_assert_int_eq(sigismember(&now, SIGRTMIN + 18), 0);
}
END_TEST

/* A program that looks through all signals finds no handler but its own; it may set all to
 * what is usual, and collections go on. */
START_TEST(stop_signal_is_unset)
{
    struct sigaction ours = {.sa_handler = SIG_IGN}, old;
    pthread_t thread = run(wait_for_any, NULL);
    await(&kept, 1);
    gc_collect();
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
        ck_assert_int_eq(sigaction(number, NULL, &old), 0);
        ck_assert_msg(old.sa_handler == SIG_DFL, "signal %d has a handler", number);
    }
    ck_assert_int_eq(sigaction(SIGRTMIN + 18, &ours, NULL), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert(signal(SIGRTMIN + 18, SIG_IGN) == SIG_ERR);
    ck_assert_int_eq(sigignore(SIGRTMIN + 18), -1);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        ck_assert(signal(number, SIG_DFL) == SIG_DFL);
    for (int j = 0; j < 10; j++)
        gc_collect();
    ck_assert_int_eq(sigaction(SIGRTMIN + 18, NULL, &old), 0);
    ck_assert(old.sa_handler == SIG_DFL);
    set(&enough, 1);
    pthread_kill(thread, SIGUSR2);
    joined(thread);
}
END_TEST

static void on_signal_once(int number)
{
    handled += number;
}

/* What was set is what is said to be set. */
START_TEST(actions)
{
    struct sigaction action = {.sa_handler = on_signal_once,
                               .sa_flags = (int)SA_RESETHAND};
    struct sigaction old;
    ck_assert(signal(SIGUSR1, on_signal_once) == SIG_DFL);
    ck_assert(signal(SIGUSR1, SIG_IGN) == on_signal_once);
    raise(SIGUSR1);
    ck_assert_int_eq(handled, 0);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, &old), 0);
    ck_assert(old.sa_handler == SIG_IGN);
    ck_assert_int_eq(sigaction(SIGUSR1, NULL, &old), 0);
    ck_assert(old.sa_handler == on_signal_once && (old.sa_flags & (int)SA_RESETHAND));
    raise(SIGUSR1);
    ck_assert_int_eq(handled, SIGUSR1);
    ck_assert_int_eq(sigaction(SIGUSR1, NULL, &old), 0);
    ck_assert(old.sa_handler == SIG_DFL);
}
END_TEST

/* What the program set is what it is told. */
START_TEST(flags)
{
    struct sigaction action = {.sa_handler = ignore}, old;
    for (int i = 0; i < 2; i++) {
        action.sa_flags = (i ? SA_SIGINFO : 0) | SA_RESTART;
        ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
        ck_assert_int_eq(sigaction(SIGUSR1, NULL, &old), 0);
        ck_assert_int_eq(old.sa_flags & (SA_SIGINFO | SA_RESTART), action.sa_flags);
        ck_assert(old.sa_handler == ignore);
    }
}
END_TEST

static int calls;

static void count(int number)
{
    calls++;
    if (number != SIGUSR1 || !gc_strdup("allocated"))
        abort();
}

START_TEST(other_ways)
{
    ck_assert(ssignal(SIGUSR1, count) == SIG_DFL);
    raise(SIGUSR1);
    raise(SIGUSR1);
    ck_assert_int_eq(calls, 2);
    ck_assert(sysv_signal(SIGUSR1, count) == count);
    raise(SIGUSR1);
    ck_assert_int_eq(calls, 3);
    ck_assert(sigset(SIGUSR1, count) == SIG_DFL);
    ck_assert(sigset(SIGUSR1, SIG_HOLD) == count);
    raise(SIGUSR1);
    ck_assert_int_eq(calls, 3);
    ck_assert(sigset(SIGUSR1, count) == SIG_HOLD);
    ck_assert_int_eq(calls, 4);
    ck_assert(sigset(0, count) == SIG_ERR);
    ck_assert(sigset(SIGUSR1, SIG_IGN) == count);
}
END_TEST

static void *give(void *argument)
{
    return argument;
}

START_TEST(clock_join)
{
    struct timespec until;
    void *result = NULL;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 60;
    void *object = gc_alloc(40);
    pthread_t thread = run(give, object);
    ck_assert_int_eq(pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &until), 0);
    ck_assert_ptr_eq(result, object);
}
END_TEST

/* ---- Faults in the library's own code ------------------------------------------------------- */

static int faults, raised;

static void note(int number)
{
    (void)number;
    raised++;
}

static void unprotect(int number, siginfo_t *information, void *context)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t fault = (uintptr_t)information->si_addr & ~(page - 1);
    (void)number, (void)context;
    faults++;
    raise(SIGUSR1);
    ck_assert_int_eq(mprotect((void *)fault, page, PROT_READ | PROT_WRITE), 0);
}

/* A program that protects pages of its objects: the library zeroes one in a critical section,
 * to whose end a signal is put off, while the next faults are handled at once. */
START_TEST(faults_are_not_put_off)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO, .sa_sigaction = unprotect};
    sigset_t before = {0}, after = {0}; /* of which the system fills in the first word */
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    sigaction(SIGSEGV, &action, NULL);
    signal(SIGUSR1, note);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    char *object = gc_alloc_with(8 * page, 0, GC_ATOMIC);
    uintptr_t low = ((uintptr_t)object + page - 1) & ~(page - 1);
    gc_free(object);
    ck_assert_int_eq(mprotect((void *)low, 6 * page, PROT_NONE), 0);
    ck_assert_ptr_eq(gc_alloc_with(8 * page, 0, GC_ATOMIC), object);
    ck_assert_int_eq(faults, 6);
    ck_assert_int_ge(raised, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    ck_assert_mem_eq(&before, &after, sizeof before);
}
END_TEST

/* A signal that interrupts ends a read, with a handler that is set before or after. */
START_TEST(interrupted_by_wish)
{
    struct sigaction action;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    for (int i = 0; i < 4; i++) {
        if (i % 2 == 0)
            ck_assert_int_eq(siginterrupt(SIGUSR1, i < 2), 0);
        signal(SIGUSR1, ignore);
        if (i % 2 == 1)
            ck_assert_int_eq(siginterrupt(SIGUSR1, i < 2), 0);
        ck_assert_int_eq(sigaction(SIGUSR1, NULL, &action), 0);
        ck_assert_int_eq((action.sa_flags & SA_RESTART) != 0, i >= 2);
    }
#pragma GCC diagnostic pop
    ck_assert_int_eq(sigaction(SIGUSR2, NULL, &action), 0);
    signal(SIGUSR2, ignore);
    ck_assert_int_eq(sigaction(SIGUSR2, NULL, &action), 0);
    ck_assert_int_eq(action.sa_flags & SA_RESTART, SA_RESTART);
}
END_TEST

TCase *signals_case(void)
{
    TCase *tc = tcase_create("signals");
    tcase_add_test(tc, masks);
    tcase_add_test(tc, sets);
    tcase_add_test(tc, stop_signal_is_unset);
    tcase_add_test(tc, actions);
    tcase_add_test(tc, flags);
    tcase_add_test(tc, interrupted_by_wish);
    tcase_add_test(tc, other_ways);
    tcase_add_test(tc, clock_join);
    if (!UNDER_TSAN) /* which hands signals over late */
        tcase_add_test(tc, faults_are_not_put_off);
    return tc;
}
