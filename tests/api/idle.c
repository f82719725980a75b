/* Memory goes back while the program does nothing. */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

#include "../check/resident.h"
#include "api.h"
#include "collect/idle.h"
#include "sanitizer.h"

enum { BURST = MIB(100), POLLS_MOST = 6000, CHILDREN = 6 };

WITHOUT_GAPS static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

/* Until memory has gone back so many times; a minute at most. */
WITHOUT_GAPS static void await_returns(uint64_t returns)
{
    for (int i = 0; i < POLLS_MOST && idle_returns() < returns; i++)
        rest();
    ck_assert_uint_ge(idle_returns(), returns);
}

struct node {
    struct node *next;
    char payload[1000];
};

static struct node *volatile list;

static void build(void *argument)
{
    (void)argument;
    for (size_t i = 0; i < BURST / sizeof *list; i++) {
        struct node *n = gc_alloc(sizeof *n);
        ck_assert_ptr_nonnull(n);
        memset(n->payload, 0x80, sizeof n->payload);
        n->next = list;
        list = n;
    }
}

static void by_hand(void *argument)
{
    (void)argument;
    enum { SIZE = 3000 };
    static void *all[BURST / SIZE];
    for (size_t i = 0; i < BURST / SIZE; i++) {
        all[i] = gc_alloc_manual_atomic(SIZE);
        ck_assert_ptr_nonnull(all[i]);
        memset(all[i], 0x80, SIZE);
    }
    for (size_t i = 0; i < BURST / SIZE; i++)
        if (i % 500 != 250)
            gc_free(all[i]);
}

static size_t start(const char *period)
{
    ck_assert_int_eq(gc_option_set("idle", period), 0);
    ck_assert_int_eq(gc_option_set("markers", "1"), 0);
    gc_collect();
    return resident_bytes();
}

/* A survivor is a page, and one of states. */
static void expect_returned(size_t before)
{
    size_t most =
        before + stats_now().budget_bytes + BURST / 3000 / 500 * KIB(8) + MIB(3);
    ck_assert_uint_le(stats_now().heap_bytes, most - before);
    ck_assert(HAS_SHADOW || resident_bytes() <= most);
    check_heap_sound();
}

static void *do_nothing(void *argument)
{
    (void)argument;
    for (;;)
        pause();
    return NULL;
}

/* Until it has been collected.  On a busy machine the program may be taken for one that rests
 * while it builds; then nothing may come of what it drops afterwards. */
static void build_and_drop(void)
{
    uint64_t collections;
    do {
        uint64_t returns = idle_returns();
        run_apart(build, NULL);
        list = NULL;
        collections = stats_now().collections;
        await_returns(returns + 1);
    } while (stats_now().collections == collections);
}

START_TEST(dropped_memory_goes_back)
{
    pthread_t thread;
    size_t before = start("100");
    ck_assert_int_eq(pthread_create(&thread, NULL, do_nothing, NULL), 0);
    for (uint64_t i = 0; i < 2; i++) { /* and may be had again */
        build_and_drop();
        expect_returned(before);
    }
}
END_TEST

/* Whose system calls nothing has interrupted so far. */
START_TEST(programs_of_one_thread_are_not_stopped)
{
    start("100");
    run_apart(build, NULL);
    list = NULL;
    uint64_t collections = stats_now().collections;
    await_returns(idle_returns() + 1);
    ck_assert_uint_eq(stats_now().collections, collections);
}
END_TEST

/* Nothing to collect: no collection. */
START_TEST(freed_memory_goes_back)
{
    size_t before = start("100");
    uint64_t collections = stats_now().collections;
    run_apart(by_hand, NULL);
    await_returns(1);
    for (int i = 0; i < POLLS_MOST && resident_bytes() > before + MIB(15); i++)
        rest();
    expect_returned(before);
    ck_assert_uint_eq(stats_now().collections, collections);
}
END_TEST

/* The same without collections. */
START_TEST(freed_memory_goes_back_without_collections)
{
    size_t before = start("100");
    gc_disable();
    ck_assert_ptr_nonnull(gc_alloc(1));
    run_apart(by_hand, NULL);
    await_returns(1);
    for (int i = 0; i < POLLS_MOST && resident_bytes() > before + MIB(15); i++)
        rest();
    expect_returned(before);
}
END_TEST

/* A program that goes on with little memory, freed by hand, and so never collects. */
START_TEST(busy_programs_give_unused_memory_back)
{
    size_t before = start("100");
    uint64_t collections = stats_now().collections;
    void *large = gc_alloc_manual_atomic(BURST);
    memset(large, 0x80, BURST);
    gc_free(large);
    ck_assert_uint_ge(resident_bytes(), before + BURST);
    time_t end = time(NULL) + 60;
    while (resident_bytes() > before + MIB(16) && time(NULL) < end) {
        static void *all[1000];
        for (int round = 0; round < 100; round++) {
            for (size_t i = 0; i < 1000; i++)
                all[i] = gc_alloc_manual_atomic(1000);
            for (size_t i = 0; i < 1000; i++)
                gc_free(all[i]);
        }
    }
    ck_assert_uint_le(stats_now().heap_bytes, MIB(16));
    ck_assert_uint_eq(stats_now().collections, collections);
    check_heap_sound();
}
END_TEST

static size_t thread_count(void)
{
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *e; (e = readdir(tasks));)
        count += e->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* A thread that was joined is about to go. */
static void expect_threads(size_t count)
{
    for (int i = 0; i < 1000 && thread_count() > count; i++)
        usleep(1000);
    ck_assert_uint_eq(thread_count(), count);
}

START_TEST(no_thread_without_need)
{
    start("20");
    size_t threads = thread_count();
    for (int i = 0; i < 100000; i++)
        gc_free(gc_alloc(1000));
    ck_assert_uint_eq(thread_count(), threads);
    ck_assert_int_eq(gc_option_set("idle", "0"), 0);
    run_apart(by_hand, NULL);
    expect_threads(threads);
    ck_assert_int_eq(gc_option_set("idle", "20"), 0);
    run_apart(by_hand, NULL);
    expect_threads(threads + 1);
    await_returns(1);
}
END_TEST

static volatile size_t threads_in_handler;
static sigjmp_buf left;

static void use_much(int number)
{
    run_apart(build, NULL);
    gc_collect();
    threads_in_handler = thread_count();
    if (number == SIGUSR2)
        siglongjmp(left, 1);
}

APART static void leave_handler(void)
{
    if (sigsetjmp(left, 1) == 0)
        raise(SIGUSR2);
}

/* A handler may have interrupted the C library's malloc, which pthread_create calls: neither
 * this thread nor a helper of the collection is started in one.  After it, and after one that
 * was left by siglongjmp, they are. */
START_TEST(no_thread_is_started_in_a_handler)
{
    gc_init();
    ck_assert_int_eq(gc_option_set("idle", "60000"), 0);
    ck_assert_int_eq(gc_option_set("markers", "4"), 0);
    size_t threads = thread_count();
    signal(SIGUSR1, use_much);
    signal(SIGUSR2, use_much);
    raise(SIGUSR1);
    ck_assert_uint_eq(threads_in_handler, threads);
    leave_handler();
    ck_assert_uint_eq(threads_in_handler, threads);
    use_much(SIGUSR1);
    ck_assert_uint_eq(threads_in_handler, threads + 4);
    list = NULL;
}
END_TEST

/* Off while the thread is there. */
START_TEST(it_can_be_switched_off)
{
    start("20");
    run_apart(by_hand, NULL);
    await_returns(1);
    ck_assert_int_eq(gc_option_set("idle", "0"), 0);
    for (int i = 0; i < 100; i++)
        rest();
    uint64_t returns = idle_returns();
    run_apart(by_hand, NULL);
    for (int i = 0; i < 20; i++)
        rest();
    ck_assert_uint_eq(idle_returns(), returns);
}
END_TEST

/* A child has a thread of its own, once it needs one; and may end at any time. */
START_TEST(forked_children_rest_too)
{
    start("1");
    run_apart(build, NULL);
    for (int i = 0; i < CHILDREN; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            uint64_t returns = idle_returns();
            run_apart(i == 0 ? build : by_hand, NULL);
            list = NULL;
            for (int n = 0; i == 0 && n < POLLS_MOST && idle_returns() == returns; n++)
                rest();
            exit(i == 0 && idle_returns() == returns);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
    }
    list = NULL;
    run_apart(by_hand, NULL);
    await_returns(1);
    check_heap_sound();
}
END_TEST

Suite *idle_suite(void)
{
    Suite *s = suite_create("idle");
    ADD(s, dropped_memory_goes_back);
    ADD(s, programs_of_one_thread_are_not_stopped);
    ADD(s, freed_memory_goes_back);
    ADD(s, freed_memory_goes_back_without_collections);
    ADD(s, busy_programs_give_unused_memory_back);
    if (!UNDER_TSAN) { /* which has threads of its own */
        ADD(s, no_thread_without_need);
        ADD(s, no_thread_is_started_in_a_handler);
    }
    ADD(s, it_can_be_switched_off);
    ADD(s, forked_children_rest_too);
    return s;
}
