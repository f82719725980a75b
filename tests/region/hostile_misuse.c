/* Programs that use regions wrongly, or end in the midst of using them. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hostile.h"

static const char *name;
static gc_region *r;

static void set_up(void)
{
    r = make_empty(&name);
}

static void tear_down(void)
{
    gc_region_unlink(name, 0);
}

/* ---- Two of the same ------------------------------------------------------------------------------- */

START_TEST(twice)
{
    gc_region *again = gc_region_create(name, 1 << 20, 0, 0);
    gc_region *seen = gc_region_open(name, GC_REGION_READ_ONLY);
    ck_assert_ptr_eq(again, r);
    ck_assert(seen && seen != r);
    assert_refused(!gc_region_create(name, 1 << 20, GC_REGION_EXCLUSIVE, 0), EEXIST, "");
    assert_refused(gc_region_begin(seen) == -1, EPERM, "for reading only");
    ck_assert_int_eq(gc_region_close(again), 0);
    ck_assert_int_eq(gc_region_begin(r) + gc_region_end(r), 0);
    ck_assert_int_eq(gc_region_close(seen), 0);
    ck_assert_int_eq(gc_region_begin(r) + gc_region_end(r), 0);
    ck_assert_int_eq(gc_region_close(r), 0);
}
END_TEST

START_TEST(address_is_taken)
{
    struct gc_region_description d;
    ck_assert_int_eq(gc_region_describe(name, 0, &d), 0);
    ck_assert_int_eq(gc_region_close(r), 0);
    void *there = mmap((void *)(d.address + 65536), 4096, PROT_READ,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    ck_assert_ptr_ne(there, MAP_FAILED);
    assert_refused(!gc_region_open(name, 0), EEXIST, "is taken in this process");
    gc_region *seen = gc_region_open(name, GC_REGION_READ_ONLY);
    ck_assert(seen && gc_region_close(seen) == 0);
    munmap(there, 4096);
    r = gc_region_open(name, 0);
    ck_assert_msg(r != NULL, "%s", gc_region_error());
}
END_TEST

static int started[2];

static void create_at_once(void *unused)
{
    char byte;
    (void)unused;
    close(started[1]);
    ENSURE(read(started[0], &byte, 1) == 0);
    gc_region *mine = gc_region_create(name, 4 << 20, 0, 0);
    ENSURE(mine && gc_region_begin(mine) == 0 && gc_region_alloc(mine, 100));
    ENSURE(gc_region_root_set(mine, "root", gc_region_alloc(mine, 8)) == 0);
    ENSURE(gc_region_end(mine) == 0 && gc_region_collect(mine) + 1 >= 0);
    ENSURE(gc_region_close(mine) == 0);
}

START_TEST(created_at_once)
{
    enum { TOGETHER = 3 };
    ck_assert_int_eq(gc_region_close(r), 0);
    for (int i = 0; i < 30; i++) {
        pid_t children[TOGETHER];
        gc_region_unlink(name, 0);
        ck_assert_int_eq(pipe(started), 0);
        for (int k = 0; k < TOGETHER; k++)
            if ((children[k] = fork_child()) == 0) {
                create_at_once(NULL);
                _exit(0);
            }
        close(started[0]);
        close(started[1]);
        for (int k = 0, status; k < TOGETHER; k++) {
            ck_assert_int_eq(waitpid(children[k], &status, 0), children[k]);
            ck_assert_int_eq(status, 0);
        }
    }
}
END_TEST

/* ---- Ends in the midst ------------------------------------------------------------------------------ */

static void make_and_open(void *number)
{
    for (uintptr_t i = (uintptr_t)number;; i++) {
        if (i % 5 == 0)
            gc_region_unlink(name, 0);
        gc_region *mine =
            i % 2 ? gc_region_open(name, 0) : gc_region_create(name, 2 << 20, 0, 0);
        if (!mine)
            ENSURE(errno == ENOENT || errno == EBADMSG || errno == EBUSY);
        else if (gc_region_begin(mine) == 0 && gc_region_alloc(mine, 3000) && i % 3)
            ENSURE(gc_region_end(mine) == 0 && gc_region_close(mine) == 0);
        else if (mine)
            ENSURE(gc_region_end(mine) == 0);
    }
}

START_TEST(makers_are_killed)
{
    uint64_t number = 1;
    ck_assert_int_eq(gc_region_close(r), 0);
    for (int i = 0; i < 80; i++) {
        int status;
        pid_t child = fork_child();
        if (child == 0)
            make_and_open((void *)(uintptr_t)i);
        number = number * 6364136223846793005u + 1442695040888963407u;
        nanosleep(&(struct timespec){.tv_nsec = (long)(number >> 32) % 4000000}, NULL);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        r = gc_region_create(name, 2 << 20, 0, 0);
        ck_assert_msg(r != NULL, "%s", gc_region_error());
        ck_assert_msg(gc_region_check(r) == 0, "%s", gc_region_error());
        ck_assert_int_eq(gc_region_close(r), 0);
    }
}
END_TEST

static void use_after_fork(void *inside)
{
    ENSURE(gc_region_end(r) == -1 && errno == EPERM);
    ENSURE(!gc_region_alloc(r, 8) && errno == EPERM);
    ENSURE(gc_region_begin(r) == 0 && gc_region_base(r, inside) == inside);
    ENSURE(gc_region_alloc(r, 8) && gc_region_end(r) == 0);
    ENSURE(gc_region_close(r) == 0);
}

static void close_after_fork(void *unused)
{
    (void)unused;
    ENSURE(gc_region_close(r) == 0);
}

START_TEST(fork_in_a_bracket)
{
    struct gc_region_stats stats;
    ck_assert_int_eq(gc_region_begin(r), 0);
    long *volatile o = gc_region_alloc(r, 64);
    *o = 4711;
    ck_assert_int_eq(in_child(use_after_fork, o), 0);
    ck_assert_int_eq(in_child(close_after_fork, NULL), 0);
    ck_assert_int_eq(gc_region_collect(r), 0);
    ck_assert_int_eq(*o, 4711);
    ck_assert_ptr_eq(gc_region_base(r, o), o);
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_int_eq(gc_region_stats(r, &stats), 0);
    ck_assert_uint_eq(stats.processes, 1);
    ck_assert_uint_eq(stats.threads, 1);
}
END_TEST

static void exec_in_a_bracket(void *unused)
{
    (void)unused;
    gc_region *mine = gc_region_open(name, 0);
    ENSURE(mine && gc_region_begin(mine) == 0);
    void *o = gc_region_alloc(mine, 100);
    ENSURE(o && gc_region_hold(mine, o) == 0 && setenv("HOSTILE_AGAIN", name, 1) == 0);
    execl("/proc/self/exe", "hostile", (char *)NULL);
    ENSURE(!"exec");
}

/* Called by main after exec: the number is the same, and the program another one. */
int open_again(const char *again)
{
    struct gc_region_stats stats;
    gc_region *mine = gc_region_open(again, 0);
    ENSURE(mine && gc_region_collect(mine) == 0);
    ENSURE(gc_region_begin(mine) == 0 && gc_region_end(mine) == 0);
    ENSURE(gc_region_stats(mine, &stats) == 0);
    ENSURE(stats.threads <= 2 && stats.processes <= 2 && stats.holds == 0);
    return 0;
}

START_TEST(exec_and_open_again)
{
    ck_assert_int_eq(gc_region_begin(r) + gc_region_end(r), 0);
    ck_assert_int_eq(in_child(exec_in_a_bracket, NULL), 0);
    ck_assert_int_eq(gc_region_collect(r), 0);
    ck_assert_int_eq(gc_region_close(r), 0);
    ck_assert_int_eq(in_child(exec_in_a_bracket, NULL), 0);
}
END_TEST

static int steps[2], answers[2];

static void *end_inside(void *how)
{
    ENSURE(gc_region_begin(r) == 0 && gc_region_begin(r) == 0);
    ENSURE(gc_region_alloc(r, 1000));
    if (how)
        syscall(SYS_exit, 0);
    return NULL;
}

/* A thread that is gone is in no bracket, whether or not it said so. */
START_TEST(threads_end_in_brackets)
{
    struct gc_region_stats stats;
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, end_inside, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(gc_region_collect(r), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, end_inside, r), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(gc_region_collect(r), 0);
    ck_assert_int_eq(gc_region_check(r), 0);
    ck_assert_int_eq(gc_region_stats(r, &stats), 0);
    ck_assert_uint_eq(stats.threads, 1);
    ck_assert_msg(gc_region_close(r) == 0, "%s", gc_region_error());
}
END_TEST

static void *stay_inside(void *unused)
{
    char byte = 0;
    (void)unused;
    ENSURE(gc_region_begin(r) == 0);
    ENSURE(write(answers[1], &byte, 1) == 1 && read(steps[0], &byte, 1) == 1);
    ENSURE(gc_region_end(r) == 0);
    return NULL;
}

START_TEST(closed_while_another_is_inside)
{
    char byte = 0;
    pthread_t thread;
    ck_assert(pipe(steps) == 0 && pipe(answers) == 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, stay_inside, NULL), 0);
    ck_assert_int_eq(read(answers[0], &byte, 1), 1);
    assert_refused(gc_region_close(r) == -1, EBUSY, "is in a bracket");
    ck_assert_int_eq(gc_region_begin(r), 0);
    assert_refused(gc_region_close(r) == -1, EBUSY, "is in a bracket");
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_int_eq(write(steps[1], &byte, 1), 1);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(gc_region_close(r), 0);
    assert_no_region(r);
}
END_TEST

static void *open_and_close(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++) {
        gc_region *mine = gc_region_open(name, 0);
        ENSURE(mine && gc_region_begin(mine) == 0 && gc_region_alloc(mine, 10));
        ENSURE(gc_region_end(mine) == 0 && gc_region_close(mine) == 0);
    }
    return NULL;
}

/* Threads of one process that do not know of each other. */
START_TEST(opened_and_closed_by_threads)
{
    pthread_t threads[3];
    ck_assert_int_eq(gc_region_close(r), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

TCase *misuse_case(void)
{
    TCase *tc = tcase_create("misuse");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, twice);
    tcase_add_test(tc, address_is_taken);
    tcase_add_test(tc, created_at_once);
    tcase_add_test(tc, makers_are_killed);
    tcase_add_test(tc, fork_in_a_bracket);
    tcase_add_test(tc, exec_and_open_again);
    tcase_add_test(tc, threads_end_in_brackets);
    tcase_add_test(tc, closed_while_another_is_inside);
    tcase_add_test(tc, opened_and_closed_by_threads);
    return tc;
}
