/* What else may happen between the two stops of a collection that marks beside the program: its memory stays
 * bounded whoever ends it, the library's threads come and go, and the program's faults are its own. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "young.h"

#define MIB ((size_t)1 << 20)

/* Old objects of 128 bytes, so many that marking them takes some milliseconds. */
enum { OBJECTS = 200000 };
static void **objects;

static void make_old_objects(void)
{
    ck_assert_int_eq(gc_option_set("pause", "1"), 0);
    objects = gc_alloc(OBJECTS * sizeof *objects);
    for (size_t i = 0; i < OBJECTS; i++)
        objects[i] = gc_alloc(128);
    collect(2);
}

static struct gc_stats stats_now(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    return s;
}

/* ---- Memory ------------------------------------------------------------------------------ */

static void allocate_and_free(int i)
{
    void *object = i % 2 ? gc_alloc_manual(MIB) : gc_alloc_atomic(MIB);
    ck_assert(object != NULL);
    gc_free(object);
}

static void allow(void)
{
}

static void limit(void)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "200M"), 0);
}

static void disable_with_limit(void)
{
    limit();
    gc_disable();
}

/* What is freed by hand waits for the second stop, which comes before there is much of it. */
START_TEST(memory_is_bounded)
{
    static void (*const ways[])(void) = {allow, limit, gc_disable, disable_with_limit};
    make_old_objects();
    size_t before = stats_now().heap_bytes;
    for (int round = 0; round < 3; round++) {
        gc_collect_begin();
        if (round == 0)
            ways[_i]();
        for (int i = 0; i < 1000; i++)
            allocate_and_free(i);
    }
    ck_assert_uint_le(stats_now().heap_bytes, before + 150 * MIB);
}
END_TEST

/* A heap of manual objects alone has no budget, and no collections but those that are asked for. */
START_TEST(manual_heap_is_bounded)
{
    ck_assert_int_eq(gc_option_set("pause", "1"), 0);
    for (int round = 0; round < 3; round++) {
        gc_collect_begin();
        for (int i = 0; i < 1000; i++)
            gc_free(gc_alloc_manual(MIB));
    }
    ck_assert_uint_le(stats_now().heap_bytes, 150 * MIB);
}
END_TEST

/* Whole large objects are free and not gone when the program rests. */
START_TEST(rest)
{
    static void *large[20];
    ck_assert_int_eq(gc_option_set("idle", "4"), 0);
    make_old_objects();
    for (int i = 0; i < 20; i++)
        large[i] = gc_alloc((size_t)(i + 1) * MIB);
    collect(1);
    gc_collect_begin();
    for (int i = 0; i < 20; i++)
        gc_free(large[i]), large[i] = NULL;
    usleep(50000);
    collect(1);
    ck_assert_uint_le(stats_now().heap_bytes, 100 * MIB);
}
END_TEST

static void *volatile resized;

START_TEST(shorter)
{
    make_old_objects();
    for (int i = 0; i < 5; i++) {
        resized = gc_alloc(100 * MIB);
        memset(resized, 7, 1000);
        gc_collect_begin();
        resized = gc_realloc(resized, 300000);
        ck_assert_uint_lt(gc_usable_size(resized), 400000);
        for (int k = 0; k < 1000; k++)
            ck_assert_int_eq(((char *)resized)[k], 7);
        collect(1);
    }
    ck_assert_uint_le(stats_now().heap_bytes, 150 * MIB);
}
END_TEST

static void drop_manual(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        void *volatile leak = gc_alloc_manual(100);
        (void)leak;
    }
}

/* A search for leaks ends what has begun, and tells of each object once. */
START_TEST(leaks)
{
    ck_assert_int_eq(gc_option_set("leaks", "1"), 0);
    ck_assert_int_eq(gc_option_set("report", "/dev/null"), 0);
    make_old_objects();
    deeply(drop_manual, NULL);
    ck_assert_uint_eq(gc_leak_check(), 20);
    for (int i = 0; i < 3; i++) {
        gc_collect_begin();
        if (i)
            usleep(30000);
        ck_assert_uint_eq(gc_leak_check(), 20);
    }
}
END_TEST

/* ---- The thread that marks ------------------------------------------------------------------ */

static uintptr_t hidden;

static void put_new(void *unused)
{
    (void)unused;
    void *object = gc_alloc(200);
    write_pattern(object, 200, 1);
    hidden = hide(object);
    *(void **)objects[1000] = object;
}

/* The last thread that the library knows of ends when all is marked, and those of the library with it. */
static void *mark_and_end(void *argument)
{
    void *ballast = gc_alloc_atomic(30 * MIB); /* whose end puts the second stop off */
    gc_collect_begin();
    usleep(100000);
    gc_free(ballast);
    deeply(put_new, NULL);
    return argument;
}

static void poll_once(void *unused)
{
    (void)unused;
    gc_free(gc_alloc_atomic(100000));
}

START_TEST(another_thread_goes_on)
{
    pthread_t thread;
    make_old_objects();
    ck_assert_int_eq(gc_thread_unregister(), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, mark_and_end, NULL), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(gc_thread_register(), 0);
    deeply(poll_once, NULL);
    usleep(50000);
    gc_collect_young();
    ck_assert_uint_eq(count_living(&hidden, 1), 1);
    ck_assert(has_pattern(reveal(hidden), 200, 1));
}
END_TEST

/* ---- Faults -------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;
static sigjmp_buf back;

static void count(int number)
{
    (void)number;
    handled++;
}

static void leave(int number)
{
    (void)number;
    handled++;
    siglongjmp(back, 1);
}

/* A signal that is raised is handled by the time that raise returns. */
START_TEST(raised)
{
    make_old_objects();
    signal(_i ? SIGBUS : SIGSEGV, count);
    gc_collect_begin();
    for (int i = 0; i < 20000; i++) {
        raise(_i ? SIGBUS : SIGSEGV);
        ck_assert_int_eq(handled, i + 1);
        if (i % 1000 == 0)
            gc_collect_begin();
    }
}
END_TEST

NOINLINE static int overflow(int depth)
{
    volatile char frame[4096];
    frame[0] = (char)depth;
    return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

/* Of the stack, which is handled on another one. */
START_TEST(overflows)
{
    static char alternate[65536];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_handler = leave, .sa_flags = SA_ONSTACK};
    make_old_objects();
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
    for (volatile int i = 0; i < 20; i++) {
        gc_collect_begin();
        if (sigsetjmp(back, 1) == 0)
            overflow(0);
        ck_assert_int_eq(handled, i + 1);
        gc_collect_young();
    }
}
END_TEST

TCase *midst_case(void)
{
    TCase *t = tcase_create("midst");
    tcase_add_loop_test(t, memory_is_bounded, 0, 4);
    tcase_add_test(t, manual_heap_is_bounded);
    tcase_add_test(t, rest);
    tcase_add_test(t, shorter);
    tcase_add_test(t, leaks);
    if (UNDER_TSAN || UNDER_ASAN) /* which have handlers, and threads, of their own */
        return t;
    tcase_add_test(t, another_thread_goes_on);
    tcase_add_loop_test(t, raised, 0, 2);
    tcase_add_test(t, overflows);
    return t;
}
