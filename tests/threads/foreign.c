/* Threads that nobody told of: made past pthread_create. */
#include <dlfcn.h>
#include <grp.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "threads.h"

static struct {
    uintptr_t hidden;
    int kept, told;
} stage;

static void *keep(void *argument)
{
    void *volatile word;
    store((void **)(uintptr_t)&word, stage.hidden);
    set(&stage.kept, 1);
    await(&stage.told, 1);
    store((void **)(uintptr_t)&word, 0);
    set(&stage.kept, 2);
    await(&stage.told, 2);
    return argument;
}

/* By the C library's own function, past the one in front of it. */
static pthread_t run_past(void *(*start)(void *))
{
    static int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    pthread_t thread;
    if (!create)
        *(void **)&create = dlsym(dlopen("libc.so.6", RTLD_LAZY), "pthread_create");
    ck_assert_ptr_nonnull((void *)(uintptr_t)create);
    ck_assert_int_eq(create(&thread, NULL, start, NULL), 0);
    return thread;
}

/* Nothing is collected until it holds the object. */
static pthread_t run_keeper(void *(*keeper)(void *))
{
    stage.hidden = new_hidden(5000);
    gc_disable();
    pthread_t thread = run_past(keeper);
    await(&stage.kept, 1);
    gc_enable();
    return thread;
}

START_TEST(past_pthread_create)
{
    pthread_t thread = run_keeper(keep);
    for (int i = 0; i < 5; i++)
        gc_collect();
    ck_assert(lives(stage.hidden));
    set(&stage.told, 1);
    await(&stage.kept, 2);
    gc_collect();
    ck_assert(!lives(stage.hidden));
    set(&stage.told, 2);
    joined(thread);
}
END_TEST

/* ---- That make others ------------------------------------------------------------------- */

static int steps, moved; /* of who is made; whether it took any while the world stood */

static void look_at_steps(void *data)
{
    int before = __atomic_load_n(&steps, __ATOMIC_ACQUIRE);
    (void)data;
    for (int i = 0; i < 1000; i++)
        sched_yield();
    moved |= __atomic_load_n(&steps, __ATOMIC_ACQUIRE) != before;
}

static void *go_on(void *argument)
{
    uint64_t none = 0;
    mask_signals(&none, NULL);
    while (__atomic_load_n(&stage.told, __ATOMIC_ACQUIRE) != 1)
        __atomic_add_fetch(&steps, 1, __ATOMIC_ACQ_REL);
    return argument;
}

/* Makes another thread when it has been told to stop, and before it does. */
static void *make_another(void *argument)
{
    uint64_t all = ~UINT64_C(0), old, pending = 0;
    mask_signals(&all, &old);
    set(&stage.kept, 1);
    while (pending == 0)
        syscall(SYS_rt_sigpending, &pending, sizeof pending);
    pthread_detach(run_past(go_on));
    while (__atomic_load_n(&steps, __ATOMIC_ACQUIRE) == 0)
        sched_yield();
    mask_signals(&old, NULL);
    await(&stage.told, 1);
    return argument;
}

/* Who lists the threads has the maker on the list, and not whom it makes after that. */
START_TEST(made_while_the_world_stops)
{
    pthread_t thread = run_keeper(make_another);
    ck_assert_int_eq(gc_root_callback_add(look_at_steps, NULL), 0);
    gc_collect();
    while (__atomic_load_n(&steps, __ATOMIC_ACQUIRE) == 0)
        sched_yield(); /* it may have been stopped before its first one */
    ck_assert_int_eq(moved, 0);
    set(&stage.told, 1);
    joined(thread);
}
END_TEST

/* ---- Of the kernel's own ------------------------------------------------------------------ */

static uint64_t count_collections(void)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    return stats.collections;
}

/* The kernel works on what io_uring is asked for by a thread of the process, which looks for
 * more all the time or, after a millisecond without any, sleeps. */
START_TEST(polls_for_io_uring)
{
    enum { BUSY = 60000 };
    struct io_uring_params parameters = {.flags = IORING_SETUP_SQPOLL,
                                         .sq_thread_idle = _i ? BUSY : 1};
    long ring = syscall(SYS_io_uring_setup, 8, &parameters);
    if (ring < 0)
        return; /* this kernel has none, or nobody may have one */
    syscall(SYS_io_uring_enter, (int)ring, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
    usleep(20000);
    uint64_t collections = count_collections();
    gc_collect();
    ck_assert_uint_gt(count_collections(), collections);
}
END_TEST

static void *await_end(void *argument)
{
    await(&stage.told, 2);
    return argument;
}

/* The library's own thread collects: it is registered meanwhile, and is no foreign thread. */
START_TEST(past_pthread_create_at_rest)
{
    enum { LARGE = 100 << 20 }; /* the thread that looks on is started */
    pthread_t other;
    ck_assert_int_eq(gc_option_set("idle", "20"), 0);
    ck_assert_int_eq(gc_option_set("markers", "1"), 0);
    ck_assert_int_eq(pthread_create(&other, NULL, await_end, NULL), 0);
    pthread_t thread = run_keeper(keep);
    gc_collect();
    uint64_t collections = count_collections();
    gc_free(gc_alloc_manual_atomic(LARGE));
    for (int i = 0; i < 1000 && count_collections() == collections; i++)
        usleep(10000);
    ck_assert_uint_gt(count_collections(), collections);
    ck_assert(lives(stage.hidden));
    set(&stage.told, 1);
    await(&stage.kept, 2);
    set(&stage.told, 2);
    joined(thread);
    joined(other);
}
END_TEST

/* ---- With the stop signal blocked ------------------------------------------------------- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *block_and_run(void *argument)
{
    void *volatile word;
    uint64_t all = ~UINT64_C(0), old;
    store((void **)(uintptr_t)&word, stage.hidden);
    mask_signals(&all, &old);
    set(&stage.kept, 1);
    for (double end = seconds() + 0.1; seconds() < end;)
        continue;
    mask_signals(&old, NULL);
    await(&stage.told, 1);
    store((void **)(uintptr_t)&word, 0);
    return argument;
}

/* As a thread does that is in the handler of the signal, or about to begin: it is waited
 * for. */
START_TEST(blocked_for_a_while)
{
    pthread_t thread = run_keeper(block_and_run);
    gc_collect();
    ck_assert(lives(stage.hidden));
    set(&stage.told, 1);
    joined(thread);
}
END_TEST

static void *block_and_sleep(void *argument)
{
    uint64_t all = ~UINT64_C(0), old;
    mask_signals(&all, &old);
    set(&stage.kept, 1);
    while (__atomic_load_n(&stage.told, __ATOMIC_ACQUIRE) != 1)
        usleep(20000);
    mask_signals(&old, NULL);
    return argument;
}

/* Of this user's processes. */
static unsigned long queued_signals(void)
{
    char line[256];
    unsigned long queued = 0;
    FILE *status = fopen("/proc/self/status", "r");
    ck_assert_ptr_nonnull(status);
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "SigQ:", 5) == 0)
            queued = strtoul(line + 5, NULL, 10);
    fclose(status);
    return queued;
}

/* As the C library's thread for timers does: the signals do not pile up. */
START_TEST(blocked_for_good)
{
    enum { COLLECTIONS = 200 };
    pthread_t thread = run_past(block_and_sleep);
    await(&stage.kept, 1);
    unsigned long before = queued_signals();
    for (int i = 0; i < COLLECTIONS; i++)
        gc_collect();
    ck_assert_uint_lt(queued_signals(), before + COLLECTIONS / 2);
    set(&stage.told, 1);
    joined(thread);
}
END_TEST

static void *block_and_sleep_with(void *argument)
{
    void *volatile word;
    store((void **)(uintptr_t)&word, stage.hidden);
    block_and_sleep(argument);
    return word ? argument : NULL;
}

/* Its stack is scanned from where the kernel says that it sleeps; where the kernel does not say it, as under
 * valgrind, all memory is searched. */
START_TEST(asleep_with_an_object)
{
    pthread_t thread = run_keeper(block_and_sleep_with);
    for (int i = 0; i < 5; i++)
        gc_collect();
    ck_assert(lives(stage.hidden));
    set(&stage.told, 1);
    joined(thread);
}
END_TEST

static void *block_and_nap_with(void *argument)
{
    void *volatile word;
    uint64_t all = ~UINT64_C(0), old;
    store((void **)(uintptr_t)&word, stage.hidden);
    mask_signals(&all, &old);
    set(&stage.kept, 1);
    while (__atomic_load_n(&stage.told, __ATOMIC_ACQUIRE) != 1)
        usleep(1);
    mask_signals(&old, NULL);
    return word ? argument : NULL;
}

/* Between two looks at it, each of which is of one moment, it wakes up. */
START_TEST(awake_with_an_object)
{
    pthread_t thread = run_keeper(block_and_nap_with);
    for (int i = 0; i < 100; i++)
        gc_collect();
    ck_assert(lives(stage.hidden));
    set(&stage.told, 1);
    joined(thread);
}
END_TEST

/* As the user of a large site has: they are told in front of what is looked for. */
START_TEST(asleep_of_many_groups)
{
    enum { GROUPS = 5000 };
    static gid_t groups[GROUPS];
    for (unsigned i = 0; i < GROUPS; i++)
        groups[i] = 1000000000 + i;
    if (setgroups(GROUPS, groups) != 0)
        return; /* which takes a privilege */
    pthread_t thread = run_keeper(block_and_sleep_with);
    uint64_t collections = count_collections();
    gc_collect();
    ck_assert_uint_gt(count_collections(), collections);
    set(&stage.told, 1);
    joined(thread);
}
END_TEST

/* ---- Timers --------------------------------------------------------------------------------- */

static int ticks;

static void tick(union sigval value)
{
    (void)value;
    if (tree_is_sound(grow_tree(6, 3), 6, 3))
        __atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
}

/* The C library makes threads for them, with all signals blocked at first. */
START_TEST(timers)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = tick};
    struct itimerspec often = {{0, 2000000}, {0, 2000000}};
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    ck_assert_int_eq(timer_settime(timer, 0, &often, NULL), 0);
    while (__atomic_load_n(&ticks, __ATOMIC_RELAXED) < 50)
        gc_collect();
    timer_delete(timer);
    gc_collect();
}
END_TEST

TCase *foreign_case(void)
{
    TCase *tc = tcase_create("foreign");
    tcase_add_test(tc, past_pthread_create);
    tcase_add_test(tc, past_pthread_create_at_rest);
    tcase_add_test(tc, made_while_the_world_stops);
    tcase_add_loop_test(tc, polls_for_io_uring, 0, 2);
    tcase_add_test(tc, blocked_for_a_while);
    tcase_add_test(tc, blocked_for_good);
    tcase_add_test(tc, awake_with_an_object);
    tcase_add_test(tc, asleep_of_many_groups);
    tcase_add_test(tc, timers);
    return tc;
}

/* By itself, as valgrind takes long for the others. */
TCase *asleep_case(void)
{
    TCase *tc = tcase_create("asleep");
    tcase_add_test(tc, asleep_with_an_object);
    return tc;
}
