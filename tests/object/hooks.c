/* Functions around collections: gc_hook_add, and gc_finalizers_notify. */
#include "object.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness.h"

static char called[200]; /* the names of what was called, in order */

static void note(void *name)
{
    strcat(called, name);
}

static void expect_called(const char *names)
{
    ck_assert_str_eq(called, names);
    called[0] = 0;
}

static void add(enum gc_hook when, void (*function)(void *), const char *name)
{
    ck_assert_int_eq(gc_hook_add(when, function, (void *)(uintptr_t)name), 0);
}

static void removed(enum gc_hook when, void (*function)(void *), const char *name)
{
    ck_assert_int_eq(gc_hook_remove(when, function, (void *)(uintptr_t)name), 0);
}

static uint64_t collections(void)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    return stats.collections;
}

static const char a[] = "a", b[] = "b", x[] = "x", y[] = "y";

START_TEST(around_each_collection)
{
    add(GC_AFTER_COLLECTION, note, x);
    add(GC_BEFORE_COLLECTION, note, a);
    add(GC_BEFORE_COLLECTION, note, b);
    add(GC_AFTER_COLLECTION, note, y);
    expect_called("");
    errno = 77;
    gc_collect();
    ck_assert_int_eq(errno, 77);
    expect_called("abxy");
    gc_disable();
    gc_collect();
    gc_enable();
    expect_called("abxy");
    removed(GC_BEFORE_COLLECTION, note, a);
    removed(GC_AFTER_COLLECTION, note, x);
    gc_collect();
    expect_called("by");
    removed(GC_BEFORE_COLLECTION, note, b);
    removed(GC_AFTER_COLLECTION, note, y);
    gc_collect();
    expect_called("");
}
END_TEST

START_TEST(added_twice)
{
    add(GC_AFTER_COLLECTION, note, x);
    add(GC_AFTER_COLLECTION, note, x);
    gc_collect();
    expect_called("xx");
    removed(GC_AFTER_COLLECTION, note, x);
    gc_collect();
    expect_called("x");
}
END_TEST

static void expect_error(int result, int error)
{
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(errno, error);
    errno = 0;
}

START_TEST(errors)
{
    void *data = called;
    expect_error(gc_hook_add(GC_AFTER_COLLECTION, NULL, data), EINVAL);
    expect_error(gc_hook_add((enum gc_hook)7, note, data), EINVAL);
    expect_error(gc_hook_remove(GC_AFTER_COLLECTION, note, data), EINVAL);
    expect_error(gc_hook_remove(GC_AFTER_COLLECTION, NULL, NULL), EINVAL);
    ck_assert_int_eq(gc_hook_add(GC_AFTER_COLLECTION, note, data), 0);
    expect_error(gc_hook_remove(GC_BEFORE_COLLECTION, note, data), EINVAL);
    expect_error(gc_hook_remove(GC_AFTER_COLLECTION, note, &data), EINVAL);
    ck_assert_int_eq(gc_hook_remove(GC_AFTER_COLLECTION, note, data), 0);
    expect_error(gc_hook_remove(GC_AFTER_COLLECTION, note, data), EINVAL);
}
END_TEST

/* ---- What they do ------------------------------------------------------------------------------ */

static void remove_itself(void *name)
{
    note(name);
    removed(GC_AFTER_COLLECTION, remove_itself, name);
}

static void remove_next(void *name)
{
    note(name);
    gc_hook_remove(GC_AFTER_COLLECTION, note, (void *)(uintptr_t)y);
}

START_TEST(removed_inside)
{
    add(GC_AFTER_COLLECTION, remove_itself, a);
    add(GC_AFTER_COLLECTION, note, x);
    add(GC_AFTER_COLLECTION, remove_next, b);
    add(GC_AFTER_COLLECTION, note, y);
    gc_collect();
    expect_called("axb");
    gc_collect();
    expect_called("xb");
}
END_TEST

static void add_another(void *name)
{
    note(name);
    removed(GC_AFTER_COLLECTION, add_another, name);
    for (int i = 0; i < 100; i++)
        add(GC_AFTER_COLLECTION, note, "");
    add(GC_AFTER_COLLECTION, note, y);
}

START_TEST(added_inside)
{
    add(GC_AFTER_COLLECTION, add_another, a);
    gc_collect();
    called[1] = 0; /* what is added may be called at once */
    expect_called("a");
    gc_collect();
    expect_called("y");
}
END_TEST

static void collect_before(void *name)
{
    note(name);
    gc_collect();
}

static void collect_once(void *name)
{
    static bool done;
    note(name);
    if (!done)
        gc_collect();
    done = true;
}

START_TEST(collection_inside)
{
    add(GC_BEFORE_COLLECTION, collect_before, b);
    add(GC_AFTER_COLLECTION, note, x);
    uint64_t before = collections();
    gc_collect();
    ck_assert_uint_eq(collections(), before + 2);
    expect_called("bx");
    removed(GC_BEFORE_COLLECTION, collect_before, b);
    add(GC_AFTER_COLLECTION, collect_once, y);
    gc_collect();
    ck_assert_uint_eq(collections(), before + 4);
    ck_assert(strcmp(called, "xyxy") == 0 || strcmp(called, "yxyx") == 0);
    gc_collect();
    ck_assert_uint_eq(strlen(called), 6);
}
END_TEST

/* One that always collects is called again, but not for ever. */
START_TEST(collection_in_each)
{
    add(GC_AFTER_COLLECTION, collect_before, x);
    gc_collect();
    ck_assert_uint_ge(strlen(called), 1);
    ck_assert_uint_lt(strlen(called), 10);
}
END_TEST

static void use_the_heap(void *name)
{
    static void *objects[1000];
    note(name);
    for (size_t i = 0; i < 1000; i++) {
        if (i % 3 == 0)
            gc_free(objects[i]);
        objects[i] = gc_alloc(i);
        ck_assert_ptr_nonnull(objects[i]);
        ck_assert(gc_finalizer_set(objects[i], i % 2 ? witness : NULL, NULL) !=
                  GC_FINALIZER_ERROR);
        ck_assert(gc_finalizer_set(objects[i], NULL, NULL) != GC_FINALIZER_ERROR);
    }
}

START_TEST(heap_used_inside)
{
    add(GC_BEFORE_COLLECTION, use_the_heap, a);
    add(GC_AFTER_COLLECTION, use_the_heap, x);
    ck_assert_int_eq(gc_option_set("stress", "2"), 0);
    gc_collect();
    ck_assert_int_eq(gc_option_set("stress", "0"), 0);
    ck_assert(strncmp(called, "ax", 2) == 0);
}
END_TEST

static uint64_t before_count, after_count;

static void count_one(void *count)
{
    ++*(uint64_t *)count;
}

/* Those that allocation brings about, too. */
START_TEST(each_is_counted)
{
    ck_assert_ptr_nonnull(gc_alloc(1));
    ck_assert_int_eq(gc_option_set("idle", "0"), 0);
    ck_assert_int_eq(gc_hook_add(GC_BEFORE_COLLECTION, count_one, &before_count), 0);
    ck_assert_int_eq(gc_hook_add(GC_AFTER_COLLECTION, count_one, &after_count), 0);
    uint64_t first = collections();
    while (collections() < first + 5)
        ck_assert_ptr_nonnull(gc_alloc(100000));
    ck_assert_uint_eq(before_count, collections() - first);
    ck_assert_uint_eq(after_count, collections() - first);
}
END_TEST

START_TEST(none_in_a_search_for_leaks)
{
    add(GC_BEFORE_COLLECTION, note, a);
    add(GC_AFTER_COLLECTION, note, x);
    ck_assert_uint_eq(gc_leak_check(), 0);
    expect_called("");
    gc_collect();
    ck_assert(strcmp(called, "ax") == 0);
}
END_TEST

/* ---- gc_finalizers_notify ----------------------------------------------------------------------- */

START_TEST(notified_once)
{
    gc_finalizers_notify(note, (void *)(uintptr_t)x);
    graph_make("ab", "ab", "");
    expect_called("");
    collect(1);
    expect_called("x");
    collect(3);
    expect_called("");
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_str_eq(witnessed(), "a");
    expect_called("");
    collect(1);
    expect_called("x");
    ck_assert_uint_eq(run_ready(), 1);
    collect(3);
    expect_called("");
}
END_TEST

START_TEST(notified_by_another_function)
{
    gc_finalizers_notify(note, (void *)(uintptr_t)x);
    gc_finalizers_notify(note, (void *)(uintptr_t)y);
    graph_make("ab", "ab", "");
    collect(1);
    expect_called("y");
    gc_finalizers_notify(NULL, NULL);
    ck_assert_uint_eq(run_ready(), 1);
    collect(1);
    expect_called("");
    ck_assert_uint_eq(gc_finalizers_ready(), 1);
}
END_TEST

static gc_guardian *guardian;

static void guard(void *unused)
{
    (void)unused;
    guardian = gc_guardian_new();
    ck_assert_int_eq(gc_guardian_add(guardian, node_of('a')), 0);
    ck_assert_int_eq(gc_guardian_add(guardian, node_of('b')), 0);
}

START_TEST(notified_for_guardians)
{
    graph_make("ab", "", "");
    deeply(guard, NULL);
    gc_finalizers_notify(note, (void *)(uintptr_t)x);
    collect(2);
    expect_called("x");
}
END_TEST

static void run_at_once(void *name)
{
    note(name);
    ck_assert_uint_eq(run_ready(), 1);
}

/* The function may run them itself, as it is in no lock. */
START_TEST(run_when_notified)
{
    gc_finalizers_notify(run_at_once, (void *)(uintptr_t)x);
    graph_make("ab bc", "abc", "");
    collect(2);
    expect_called("xx");
    ck_assert_str_eq(witnessed(), "ab");
}
END_TEST

static void *collect_apart(void *unused)
{
    (void)unused;
    gc_collect();
    return NULL;
}

static pthread_t notified;
static int told;

static void note_thread(void *unused)
{
    (void)unused;
    notified = pthread_self();
    __atomic_fetch_add(&told, 1, __ATOMIC_SEQ_CST);
}

/* Whoever collects is told. */
START_TEST(notified_on_the_collecting_thread)
{
    pthread_t thread;
    graph_make("", "a", "");
    gc_finalizers_notify(note_thread, NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, collect_apart, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(told, 1);
    ck_assert(pthread_equal(notified, thread));
    ck_assert_uint_eq(run_ready(), 1);
}
END_TEST

/* Much that is dropped, so that the library collects when the program rests. */
static void make_garbage(void *unused)
{
    (void)unused;
    gc_disable();
    for (size_t i = 0; i < 10000; i++)
        ck_assert_ptr_nonnull(gc_alloc_atomic(2000));
    gc_enable();
}

static void *rest(void *unused)
{
    ck_assert_int_eq(gc_thread_register(), 0);
    for (;;)
        pause();
    return unused;
}

/* On neither of the program's threads, of which there must be several, or the library does not
 * collect by itself. */
START_TEST(notified_when_idle)
{
    pthread_t thread;
    ck_assert_int_eq(gc_option_set("idle", "5"), 0);
    ck_assert_int_eq(gc_option_set("floor", "1M"), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, rest, NULL), 0);
    gc_finalizers_notify(note_thread, NULL);
    graph_make("", "a", "");
    deeply(make_garbage, NULL);
    while (__atomic_load_n(&told, __ATOMIC_SEQ_CST) == 0)
        sched_yield();
    ck_assert(!pthread_equal(notified, pthread_self()) &&
              !pthread_equal(notified, thread));
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_str_eq(witnessed(), "a");
}
END_TEST

TCase *hooks_case(void)
{
    TCase *tc = tcase_create("hooks");
    tcase_add_test(tc, around_each_collection);
    tcase_add_test(tc, added_twice);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, removed_inside);
    tcase_add_test(tc, added_inside);
    tcase_add_test(tc, collection_inside);
    tcase_add_test(tc, collection_in_each);
    tcase_add_test(tc, heap_used_inside);
    tcase_add_test(tc, each_is_counted);
    tcase_add_test(tc, none_in_a_search_for_leaks);
    tcase_add_test(tc, notified_once);
    tcase_add_test(tc, notified_by_another_function);
    tcase_add_test(tc, notified_for_guardians);
    tcase_add_test(tc, run_when_notified);
    tcase_add_test(tc, notified_on_the_collecting_thread);
    tcase_add_test(tc, notified_when_idle);
    return tc;
}
