/* Handlers of the program's that allocate, jump, and unregister their thread, wherever they
 * interrupt. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "threads.h"

static int enough, handled, kept;

/* Either thread's handler may run, or both at a time. */
static void allocate(int number)
{
    const struct tree *t = grow_tree(3, number);
    gc_free(gc_alloc(100));
    if (!tree_is_sound(t, 3, number))
        abort();
    __atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
}

static void tick_often(void)
{
    struct itimerval often = {{0, 200}, {0, 200}};
    setitimer(ITIMER_REAL, &often, NULL);
}

static void churn(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        const struct tree *t = grow_tree(9, i);
        for (int j = 0; j < 1000; j++)
            gc_free(gc_alloc(16 + (size_t)j % 300));
        if (!tree_is_sound(t, 9, i))
            abort();
    }
}

static void *churn_until_enough(void *argument)
{
    while (__atomic_load_n(&handled, __ATOMIC_RELAXED) < 1000)
        churn(1);
    return argument;
}

START_TEST(handlers_allocate)
{
    signal(SIGALRM, allocate);
    pthread_t thread = run(churn_until_enough, NULL);
    tick_often();
    churn_until_enough(NULL);
    signal(SIGALRM, SIG_IGN);
    joined(thread);
    gc_collect();
}
END_TEST

static int over;

static void *block_often(void *argument)
{
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
        gc_blocking_begin();
        gc_blocking_end();
    }
    return argument;
}

/* Between any two instructions of the two functions. */
START_TEST(handlers_allocate_while_blocking)
{
    signal(SIGUSR1, allocate);
    pthread_t blocking = run(block_often, NULL),
              collecting = run(collect_until_set, &over);
    while (__atomic_load_n(&handled, __ATOMIC_RELAXED) < 3000) {
        pthread_kill(blocking, SIGUSR1);
        usleep(20);
    }
    set(&over, 1);
    joined(blocking);
    joined(collecting);
}
END_TEST

static void *end_at_once(void *argument)
{
    return argument;
}

/* A stop may come while a blocking thread, or one that is not registered, is in a critical
 * section. */
START_TEST(threads_begin_while_blocking)
{
    if (_i)
        ck_assert_int_eq(gc_thread_register(), 0);
    pthread_t collecting = run(collect_until_set, &over);
    for (int i = 0; i < 2000; i++) {
        gc_blocking_begin();
        joined(run(end_at_once, NULL));
        gc_blocking_end();
    }
    set(&over, 1);
    joined(collecting);
}
END_TEST

static pid_t blocking_tid;

/* How often that thread has gone to sleep; 0: it does not sleep now. */
static unsigned long count_sleeps(void)
{
    static const char name[] = "\nvoluntary_ctxt_switches:";
    char path[64], text[4096] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/status", blocking_tid);
    int file = open(path, O_RDONLY);
    bool is_told = file >= 0 && read(file, text, sizeof text - 1) > 0;
    close(file);
    const char *count = strstr(text, name);
    if (!is_told || !count || !strstr(text, "State:\tS"))
        return 0;
    return strtoul(count + strlen(name), NULL, 10);
}

/* Until it sleeps, and has done so more than that often; where the system does not tell, for
 * a second. */
static unsigned long await_sleep(unsigned long than)
{
    unsigned long sleeps = 0;
    for (int i = 0; i < 1000 && sleeps <= than; i++) {
        usleep(1000);
        sleeps = count_sleeps();
    }
    return sleeps;
}

/* A root callback: the thread that sets out to start another waits for the world lock, in a
 * critical section; there the stop signal wakes it once. */
static void interrupt_section(void *thread)
{
    if (enough)
        return;
    set(&enough, 1);
    unsigned long sleeps = await_sleep(0);
    pthread_kill(*(pthread_t *)thread, SIGRTMIN + 18);
    await_sleep(sleeps);
}

static void *start_in_stop(void *argument)
{
    uint64_t all = ~UINT64_C(0), old;
    blocking_tid = gettid();
    gc_blocking_begin();
    set(&kept, 1);
    await(&enough, 1);
    joined(run(end_at_once, NULL));
    mask_signals(&all, &old);
    set(&kept, 2);
    await(&enough, 2);
    mask_signals(&old, NULL);
    gc_blocking_end();
    return argument;
}

/* Such a stop leaves the thread safe: the next one needs no answer from it. */
START_TEST(stopped_in_a_section_while_blocking)
{
    pthread_t thread = run(start_in_stop, NULL);
    ck_assert_int_eq(gc_root_callback_add(interrupt_section, &thread), 0);
    await(&kept, 1);
    gc_collect();
    await(&kept, 2);
    gc_collect();
    set(&enough, 2);
    joined(thread);
    gc_collect();
}
END_TEST

static sigjmp_buf back;
static volatile bool may_jump;

static void jump(int number)
{
    allocate(number);
    if (may_jump)
        siglongjmp(back, 1);
}

START_TEST(handlers_jump)
{
    signal(SIGALRM, jump);
    tick_often();
    while (handled < 300) {
        if (sigsetjmp(back, 1) == 0) {
            may_jump = true;
            churn(1);
        }
        may_jump = false;
    }
    signal(SIGALRM, SIG_IGN);
    churn(10);
    gc_collect();
}
END_TEST

static void unregister(int number)
{
    (void)number;
    gc_thread_unregister();
}

/* The caches that were set aside are gone with the thread's record. */
START_TEST(handlers_unregister_the_thread)
{
    signal(SIGSYS, unregister);
    for (int i = 0; i < 100; i++) {
        gc_free(gc_alloc(40));
        raise(SIGSYS);
        churn(1);
    }
    gc_collect();
}
END_TEST

static void leave_handler(int number)
{
    allocate(number);
    siglongjmp(back, 1);
}

/* A handler of SIGSYS has a cache of its own wherever it interrupts. */
static void leave_handlers(int levels)
{
    if (levels == 0)
        return;
    if (sigsetjmp(back, 1) == 0)
        raise(SIGSYS);
    gc_free(gc_alloc(40));
    leave_handlers(levels - 1);
}

/* Each further down the stack than the one before, so that none is known to be over. */
START_TEST(handlers_left_further_and_further_down)
{
    signal(SIGSYS, leave_handler);
    gc_free(gc_alloc(40));
    for (int i = 0; i < 20; i++) {
        leave_handlers(50);
        gc_collect();
        churn(1);
    }
}
END_TEST

TCase *handlers_case(void)
{
    TCase *tc = tcase_create("handlers");
    tcase_add_test(tc, handlers_allocate);
    tcase_add_test(tc, handlers_allocate_while_blocking);
    tcase_add_loop_test(tc, threads_begin_while_blocking, 0, 2);
    tcase_add_test(tc, stopped_in_a_section_while_blocking);
    tcase_add_test(tc, handlers_jump);
    tcase_add_test(tc, handlers_unregister_the_thread);
    tcase_add_test(tc, handlers_left_further_and_further_down);
    return tc;
}
