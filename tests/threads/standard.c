/* Threads by the functions of C11, which the C library makes past its own pthread_create: they
 * are threads like others. */
#include <dlfcn.h>
#include <sys/resource.h>
#include <threads.h>

#include "stage.h"

enum { KEPT_RESULT = 7 };

static int as_standard(void *keeper)
{
    void *(*const *body)(void *) = keeper;
    (*body)(NULL);
    return KEPT_RESULT;
}

static void *(*present)(void *);

static pthread_t begin_standard(void *(*keeper)(void *))
{
    thrd_t thread;
    present = keeper;
    ck_assert_int_eq(thrd_create(&thread, as_standard, &present), thrd_success);
    return thread;
}

/* In front of these functions only the shared library stands.  With no descriptor left threads that are not known cannot be found, and nothing would go. */
START_TEST(standard_stack)
{
    struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    if (library_is_shared())
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    stage.begin = begin_standard;
    check_place(keep_on_stack);
}
END_TEST

/* The C library keeps values of so many keys apart from the thread's own record. */
enum { KEYS = 64 };
static tss_t keys[KEYS];

static void set_last(void *hidden)
{
    uintptr_t *object = hidden;
    tss_set(keys[KEYS - 1], *object ? reveal(*object) : NULL);
}

static void *keep_specific(void *argument)
{
    uintptr_t none = 0;
    deeply(set_last, &stage.hidden);
    keep();
    deeply(set_last, &none);
    gone();
    return argument;
}

START_TEST(standard_specific)
{
    for (size_t i = 0; i < KEYS; i++)
        ck_assert_int_eq(tss_create(&keys[i], NULL), thrd_success);
    stage.begin = begin_standard;
    check_place(keep_specific);
}
END_TEST

/* Half of them end by thrd_exit, a third is detached. */
enum { THREADS = 300, DEPTH = 6 };
static int sound;

static int grow(void *number)
{
    long n = *(long *)number;
    if (tree_is_sound(grow_tree(DEPTH, n), DEPTH, n))
        __atomic_fetch_add(&sound, 1, __ATOMIC_RELEASE);
    if (n % 2)
        thrd_exit((int)n);
    return (int)n;
}

START_TEST(standard_threads_come_and_go)
{
    static long numbers[THREADS];
    int over = 0;
    pthread_t collector = run(collect_until_set, &over);
    for (long i = 0; i < THREADS; i++) {
        thrd_t thread;
        int result = -1;
        numbers[i] = i;
        ck_assert_int_eq(thrd_create(&thread, grow, &numbers[i]), thrd_success);
        if (i % 3 == 0) {
            ck_assert_int_eq(thrd_detach(thread), thrd_success);
        } else {
            ck_assert_int_eq(thrd_join(thread, &result), thrd_success);
            ck_assert_int_eq(result, (int)i);
        }
    }
    await(&sound, THREADS);
    set(&over, 1);
    joined(collector);
}
END_TEST

TCase *standard_case(void)
{
    TCase *tc = tcase_create("standard");
    tcase_add_test(tc, standard_stack);
    tcase_add_test(tc, standard_specific);
    tcase_add_test(tc, standard_threads_come_and_go);
    return tc;
}
