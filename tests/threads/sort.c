/* Objects that only an array points to which the C library sorts, while others collect: it has elements in a
 * buffer of its own for a moment. */
#include <stdlib.h>
#include <string.h>

#include "stage.h"

enum { ELEMENTS = 20000, SORTS = 50, WIDE = 5 };

static int enough;

/* Objects that were reclaimed by mistake are used again, for numbers that are no inverse of each other. */
static void *collect_and_reuse(void *argument)
{
    while (!__atomic_load_n(&enough, __ATOMIC_ACQUIRE)) {
        gc_collect();
        for (int i = 0; i < 2000; i++)
            memset(gc_alloc(2 * sizeof(long)), 1, 2 * sizeof(long));
    }
    return argument;
}

/* By the number that the object begins with. */
static int compare(const void *a, const void *b)
{
    const long *x = *(long *const *)a, *y = *(long *const *)b;
    return (*x > *y) - (*x < *y);
}

static int compare_backwards(const void *a, const void *b, void *argument)
{
    ck_assert_ptr_eq(argument, &enough);
    return compare(b, a);
}

/* The array begins with `words` words for each element, of which the first points to its object. */
static void fill(void **array, size_t words)
{
    for (size_t i = 0; i < ELEMENTS; i++) {
        long *object = gc_alloc(2 * sizeof(long));
        object[0] = (long)(i * 7919 % ELEMENTS);
        object[1] = ~object[0];
        array[i * words] = object;
    }
}

static void check_order(void **array, size_t words, bool backwards)
{
    for (size_t i = 0; i < ELEMENTS; i++) {
        const long *object = array[i * words];
        ck_assert_int_eq(object[0], (long)(backwards ? ELEMENTS - 1 - i : i));
        ck_assert_int_eq(object[1], ~object[0]);
    }
}

/* With elements of a word, and with wider ones, which the C library sorts by pointers to them. */
static const size_t widths[] = {1, WIDE};

START_TEST(array_that_is_sorted)
{
    static void *array[ELEMENTS * WIDE];
    size_t words = widths[_i], size = words * sizeof(void *);
    if (!library_is_shared())
        return; /* docs/limits.md */
    pthread_t thread = run(collect_and_reuse, NULL);
    for (int i = 0; i < SORTS; i++) {
        fill(array, words);
        qsort(array, ELEMENTS, size, compare);
        check_order(array, words, false);
        qsort_r(array, ELEMENTS, size, compare_backwards, &enough);
        check_order(array, words, true);
    }
    set(&enough, 1);
    joined(thread);
}
END_TEST

static uint64_t allocated(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    return s.allocated_bytes;
}

enum { NUMBERS = 50000 };
static long numbers[NUMBERS];

static int compare_numbers(const void *a, const void *b)
{
    return (*(const long *)a > *(const long *)b) - (*(const long *)a < *(const long *)b);
}

static void sort_numbers(void *data)
{
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = i * 7919L % NUMBERS;
    qsort(numbers, NUMBERS, sizeof numbers[0], compare_numbers);
    ck_assert(numbers[0] == 0 && numbers[NUMBERS - 1] == NUMBERS - 1);
    *(int *)data += 1;
}

/* In a root callback, and where its thread has said that it touches no objects, there is no copy. */
START_TEST(where_nothing_is_allocated)
{
    static int sorts;
    static void *volatile kept __attribute__((unused));
    kept = gc_alloc(1);
    uint64_t before = allocated();
    ck_assert_int_eq(gc_root_callback_add(sort_numbers, &sorts), 0);
    gc_collect();
    ck_assert_int_eq(gc_root_callback_remove(sort_numbers, &sorts), 0);
    ck_assert_int_ge(sorts, 1);
    gc_blocking_begin();
    sort_numbers(&sorts);
    gc_blocking_end();
    ck_assert_uint_eq(allocated(), before);
    sort_numbers(&sorts);
    ck_assert_uint_ge(allocated(), before + (library_is_shared() ? sizeof numbers : 0));
}
END_TEST

TCase *sort_case(void)
{
    TCase *tc = tcase_create("sort");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, array_that_is_sorted, 0, sizeof widths / sizeof widths[0]);
    tcase_add_test(tc, where_nothing_is_allocated);
    return tc;
}
