/* Threads that come, work and go. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "../check/resident.h"
#include "threads.h"

enum { THREADS = 8, DEPTH = 10, ROUNDS = 40 };

static void *work(void *argument)
{
    long number = (long)(intptr_t)argument;
    const struct tree *kept = grow_tree(DEPTH, number);
    for (int i = 0; i < ROUNDS; i++) {
        const struct tree *t = grow_tree(DEPTH, i);
        if (!tree_is_sound(t, DEPTH, i) || !tree_is_sound(kept, DEPTH, number))
            abort();
    }
    return argument;
}

START_TEST(trees)
{
    pthread_t threads[THREADS];
    for (long round = 0; round < 3; round++) {
        for (intptr_t i = 0; i < THREADS; i++)
            threads[i] = run(work, (void *)i);
        for (intptr_t i = 0; i < THREADS; i++)
            ck_assert_ptr_eq(joined(threads[i]), (void *)i);
    }
}
END_TEST

/* ---- Objects that one thread allocates and another frees or resizes --------------------- */

enum { BELT = 1000, CARGO = 100000 };

static void *belt[BELT]; /* a ring */
static int sent, received;

static void *send(void *argument)
{
    for (int i = 0; i < CARGO; i++) {
        while (i - __atomic_load_n(&received, __ATOMIC_ACQUIRE) >= BELT)
            usleep(10);
        size_t size = 16 + (size_t)(i % 50) * 8;
        long *object = i % 3 ? gc_alloc(size) : gc_alloc_manual(size);
        object[0] = i;
        belt[i % BELT] = object;
        set(&sent, i + 1);
    }
    return argument;
}

START_TEST(freed_by_another)
{
    pthread_t sender = run(send, NULL);
    for (int i = 0; i < CARGO; i++) {
        while (__atomic_load_n(&sent, __ATOMIC_ACQUIRE) <= i)
            usleep(10);
        long *object = belt[i % BELT];
        belt[i % BELT] = NULL;
        ck_assert_int_eq(object[0], i);
        if (i % 5 == 0) {
            object = gc_realloc(object, 700);
            ck_assert_int_eq(object[0], i);
        }
        gc_free(object);
        set(&received, i + 1);
    }
    joined(sender);
}
END_TEST

/* ---- Exit hooks ---------------------------------------------------------------------------- */

static pthread_key_t early, late;
static int hooks;

/* Called as often as the C library does. */
static void hook(void *value)
{
    struct tree *t = value;
    if (!tree_is_sound(t, 3, 7))
        abort();
    for (int i = 0; i < 100; i++)
        gc_free(gc_alloc(100));
    __atomic_fetch_add(&hooks, 1, __ATOMIC_RELAXED);
    pthread_setspecific(early, grow_tree(3, 7));
    pthread_setspecific(late, grow_tree(3, 7));
}

static void *leave_values(void *argument)
{
    pthread_setspecific(early, grow_tree(3, 7));
    pthread_setspecific(late, grow_tree(3, 7));
    return argument;
}

/* A key that is older than the library's, and one that is younger. */
START_TEST(exit_hooks)
{
    pthread_key_create(&early, hook);
    gc_init();
    pthread_key_create(&late, hook);
    for (int i = 0; i < 50; i++)
        joined(run(leave_values, NULL));
    ck_assert_int_ge(hooks, 50 * 2 * 4);
    gc_collect();
    joined(run(work, NULL));
}
END_TEST

/* ---- Many that come and go while others collect ------------------------------------------- */

static int enough;

static void *short_life(void *argument)
{
    const struct tree *t = argument;
    if (!tree_is_sound(t, 4, 9))
        abort();
    return grow_tree(4, 9);
}

START_TEST(short_lives)
{
    pthread_t collector = run(collect_until_set, &enough);
    for (int i = 0; i < 500; i++)
        ck_assert(tree_is_sound(joined(run(short_life, grow_tree(4, 9))), 4, 9));
    set(&enough, 1);
    joined(collector);
}
END_TEST

static void *register_often(void *argument)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(gc_thread_register(), 0);
        ck_assert_int_eq(gc_thread_register(), 0);
        ck_assert_ptr_nonnull(gc_alloc(100));
        ck_assert_int_eq(gc_thread_unregister(), 0);
        ck_assert_int_eq(gc_thread_unregister(), -1);
        ck_assert_int_eq(errno, EINVAL);
    }
    return argument;
}

START_TEST(registering)
{
    joined(run(register_often, NULL));
    ck_assert_ptr_nonnull(gc_alloc(100));
    gc_collect();
}
END_TEST

/* ---- Threads that have one object and wait -------------------------------------------- */

enum { IDLE = 400, OBJECT = 1000, IDLE_STACK = 256 << 10 };

static int arrived, gone_on;

static void *wait_with_object(void *argument)
{
    void *volatile object = gc_alloc(OBJECT);
    memset(object, 1, OBJECT);
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    await(&gone_on, 1);
    return object ? argument : NULL;
}

static void start_idle(pthread_t *threads)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, IDLE_STACK);
    for (int i = 0; i < IDLE; i++)
        ck_assert_int_eq(pthread_create(&threads[i], &attributes, wait_with_object, NULL),
                         0);
    pthread_attr_destroy(&attributes);
    await(&arrived, IDLE);
}

static void end_idle(const pthread_t *threads)
{
    set(&gone_on, 1);
    for (int i = 0; i < IDLE; i++)
        joined(threads[i]);
}

static struct gc_stats stats_now(void)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    return stats;
}

/* In a heap large enough for huge pages.  Nor do they bring collections, each of which would
 * look at all of them: what a thread does not use is not allocated. */
START_TEST(idle_threads_cost_little)
{
    enum { EACH_MOST = 64 << 10 };
    static pthread_t threads[IDLE];
    void *volatile large = gc_alloc_manual(16 << 20);
    memset(large, 1, 16 << 20);
    ck_assert_int_eq(gc_option_set("idle", "0"), 0);
    gc_collect();
    uint64_t collections = stats_now().collections;
    size_t before = resident_bytes();
    start_idle(threads);
    if (!UNDER_ASAN && !UNDER_TSAN)
        ck_assert_uint_le(resident_bytes() - before, (size_t)IDLE * EACH_MOST);
    ck_assert_uint_eq(stats_now().collections, collections);
    end_idle(threads);
    gc_free(large);
}
END_TEST

/* What the threads hold counts, and leaves the rest to others. */
START_TEST(idle_threads_within_the_limit)
{
    enum { LIMIT = 48 << 20, LARGE = 1 << 20 };
    static pthread_t threads[IDLE];
    size_t got = 0;
    ck_assert_int_eq(gc_option_set("heap_limit", "48M"), 0);
    start_idle(threads);
    ck_assert_uint_le(stats_now().heap_bytes, LIMIT);
    while (gc_alloc_manual(LARGE))
        got += LARGE;
    ck_assert_uint_le(stats_now().heap_bytes, LIMIT);
    ck_assert_uint_ge(got + (size_t)IDLE * (64 << 10) + 2 * LARGE, LIMIT);
    end_idle(threads);
}
END_TEST

TCase *lives_case(void)
{
    TCase *tc = tcase_create("lives");
    tcase_add_test(tc, trees);
    tcase_add_test(tc, freed_by_another);
    if (!UNDER_TSAN)
        tcase_add_test(tc, exit_hooks);
    tcase_add_test(tc, short_lives);
    tcase_add_test(tc, registering);
    tcase_add_test(tc, idle_threads_cost_little);
    tcase_add_test(tc, idle_threads_within_the_limit);
    return tc;
}
