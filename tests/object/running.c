/* What finalizers may do: bring objects back, allocate, free, collect, set finalizers, wait for locks,
 * leave by longjmp, end their thread; and several threads that run them. */
#include "object.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

#include "witness.h"

static void revive(void *object, void *data)
{
    struct node *n = object;
    witness(object, data);
    kept_nodes[n->letter] = n;
}

static void set_revive(void *letters)
{
    for (const char *l = letters; *l; l++)
        ck_assert(gc_finalizer_set(node_of(*l), revive, NULL) != GC_FINALIZER_ERROR);
}

START_TEST(brought_back)
{
    char letter[] = "a";
    graph_make("ab", "", "");
    deeply(set_revive, letter);
    expect_round("a");
    collect(COLLECTIONS);
    ck_assert_uint_eq(run_ready(), 0);
    expect_living("ab");
    for (int i = 0; i < 5; i++) {
        deeply(set_revive, letter);
        expect_round("");
        kept_nodes[0] = NULL;
        expect_round("a");
        expect_living("ab");
    }
    kept_nodes[0] = NULL;
    expect_round("");
    expect_gone("ab");
}
END_TEST

/* Brought back by the finalizer of another one, before its own turn. */
START_TEST(brought_back_by_another)
{
    char letter[] = "a";
    graph_make("ab bc", "bc", "");
    deeply(set_revive, letter);
    expect_round("a");
    expect_round("");
    expect_living("abc");
    kept_nodes[0] = NULL;
    expect_round("b");
    expect_round("c");
    expect_round("");
    expect_gone("abc");
}
END_TEST

static void set_itself(void *object, void *data)
{
    witness(object, data);
    if (data)
        ck_assert(gc_finalizer_set(object, set_itself, (char *)data - 1) == NULL);
}

static void set_five(void *unused)
{
    (void)unused;
    gc_finalizer_set(node_of('a'), set_itself, (void *)5);
}

/* It sets itself again, without keeping the object. */
START_TEST(set_again)
{
    graph_make("ab", "b", "");
    deeply(set_five, NULL);
    for (int i = 0; i < 6; i++)
        expect_round("a");
    expect_round("b");
    expect_round("");
    expect_gone("ab");
}
END_TEST

/* ---- The heap in their hands ----------------------------------------------------------------- */

static void allocate_much(void *object, void *data)
{
    for (size_t i = 0; i < 20000; i++)
        ck_assert_ptr_nonnull(gc_alloc(i % 600));
    ck_assert_ptr_nonnull(gc_alloc(3 << 20));
    witness(object, data);
}

static void collect_inside(void *object, void *data)
{
    collect(3);
    witness(object, data);
}

static void run_inside(void *object, void *data)
{
    gc_finalizers_run();
    collect(1);
    gc_finalizers_run();
    witness(object, data);
}

static void free_itself(void *object, void *data)
{
    witness(object, data);
    gc_free(object);
}

/* Another finalizer is ready for it, or will be. */
static void free_others(void *object, void *data)
{
    witness(object, data);
    for (char letter = 'a'; letter < 'e'; letter++)
        if (node_of(letter) != object && gc_base(node_of(letter)) == node_of(letter))
            gc_free(node_of(letter));
}

static void register_for_new(void *object, void *data)
{
    witness(object, data);
    for (char letter = 'w'; letter <= 'z'; letter++)
        gc_finalizer_set(node_new(letter), witness, NULL);
}

static void (*chosen)(void *, void *);

static void set_chosen(void *letters)
{
    for (const char *l = letters; *l; l++)
        gc_finalizer_set(node_of(*l), chosen, NULL);
}

static void make_with(void (*function)(void *, void *), const char *edges)
{
    char letters[] = "abcd";
    graph_make(edges, "abcd", "");
    chosen = function;
    deeply(set_chosen, letters);
}

START_TEST(uses_of_the_heap)
{
    static void (*const functions[])(void *, void *) = {allocate_much, collect_inside,
                                                        free_itself};
    make_with(functions[_i], "ax bx cx dx xx");
    collect(1);
    ck_assert_uint_eq(run_ready(), 4);
    ck_assert_str_eq(witnessed(), "abcd");
    collect(1);
    expect_round("");
    expect_gone("abcdx");
}
END_TEST

/* What the calling finalizer's objects reach may be ready before it has returned, or not. */
START_TEST(run_inside_of_others)
{
    make_with(run_inside, "ab cd");
    for (int i = 0; i < 3; i++) {
        collect(1);
        run_ready();
    }
    ck_assert_str_eq(witnessed(), "abcd");
    expect_round("");
    expect_gone("abcd");
}
END_TEST

START_TEST(freed_by_others)
{
    make_with(free_others, "");
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), 4);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(strlen(witnessed()), 1);
    expect_round("");
    expect_gone("abcd");
}
END_TEST

START_TEST(new_ones)
{
    graph_make("", "abcd", "");
    chosen = register_for_new;
    char letter[] = "a";
    deeply(set_chosen, letter);
    collect(1);
    ck_assert_uint_eq(run_ready(), 4);
    ck_assert_str_eq(witnessed(), "abcd");
    expect_round("wxyz");
    expect_round("");
    expect_gone("abcdwxyz");
}
END_TEST

/* ---- Leaving ------------------------------------------------------------------------------------ */

static jmp_buf back;

static void leave(void *object, void *data)
{
    witness(object, data);
    longjmp(back, 1);
}

static volatile int left;

static void run_and_return(void *unused)
{
    (void)unused;
    while (setjmp(back) != 0)
        left++;
    gc_finalizers_run();
}

START_TEST(by_longjmp)
{
    make_with(leave, "ax bx cx dx");
    collect(1);
    deeply(run_and_return, NULL);
    ck_assert_int_eq(left, 4);
    ck_assert_str_eq(witnessed(), "abcd");
    expect_round("");
    expect_gone("abcdx");
}
END_TEST

static void end_thread(void *object, void *data)
{
    witness(object, data);
    pthread_exit(object == data ? NULL : (void *)1);
}

static void *run_in_thread(void *unused)
{
    (void)unused;
    gc_finalizers_run();
    return NULL;
}

static void run_in_threads(void *count)
{
    for (int i = 0; i < *(int *)count; i++) {
        pthread_t thread;
        void *result;
        ck_assert_int_eq(pthread_create(&thread, NULL, run_in_thread, NULL), 0);
        ck_assert_int_eq(pthread_join(thread, &result), 0);
        ck_assert(result == (void *)1);
    }
}

START_TEST(by_the_end_of_the_thread)
{
    int threads = 4;
    make_with(end_thread, "ax bx cx dx");
    collect(1);
    deeply(run_in_threads, &threads);
    ck_assert_str_eq(witnessed(), "abcd");
    expect_round("");
    expect_gone("abcdx");
}
END_TEST

/* ---- Several threads ------------------------------------------------------------------------ */

enum { THREADS = 4, OBJECTS = 20000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned char called[OBJECTS];
static size_t calls;
static int waiting;

static void note_call(void *object, void *data)
{
    size_t i = *(size_t *)object;
    ck_assert_uint_lt(i, OBJECTS);
    ck_assert_ptr_eq(data, &called[i]);
    pthread_mutex_lock(&mutex);
    called[i]++;
    calls++;
    pthread_mutex_unlock(&mutex);
    if (i % 100 == 0)
        gc_collect();
}

static void make_many(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < OBJECTS; i++) {
        size_t *object = gc_alloc_atomic(16 + i % 200);
        *object = i;
        ck_assert(gc_finalizer_set(object, note_call, &called[i]) == NULL);
    }
}

static void *run_many(void *count)
{
    __atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < THREADS)
        continue;
    *(size_t *)count = gc_finalizers_run();
    return NULL;
}

/* Each is called once, by one of them. */
START_TEST(several_threads)
{
    pthread_t threads[THREADS];
    size_t counts[THREADS], sum = 0;
    deeply(make_many, NULL);
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), OBJECTS);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_many, &counts[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        sum += counts[i];
    }
    ck_assert_uint_eq(sum, OBJECTS);
    ck_assert_uint_eq(calls, OBJECTS);
    for (size_t i = 0; i < OBJECTS; i++)
        ck_assert_msg(called[i] == 1, "%zu was called %u times", i, called[i]);
}
END_TEST

TCase *running_case(void)
{
    TCase *tc = tcase_create("running");
    tcase_add_test(tc, brought_back);
    tcase_add_test(tc, brought_back_by_another);
    tcase_add_test(tc, set_again);
    tcase_add_loop_test(tc, uses_of_the_heap, 0, 3);
    tcase_add_test(tc, run_inside_of_others);
    tcase_add_test(tc, freed_by_others);
    tcase_add_test(tc, new_ones);
    tcase_add_test(tc, by_longjmp);
    tcase_add_test(tc, by_the_end_of_the_thread);
    tcase_add_test(tc, several_threads);
    return tc;
}
