/* Roots that the program names. */
#include "roots/registered.h"

#include <gcalloc/gcalloc.h>

#include "base/os.h"
#include "support.h"

enum { RANGES = 100000 };

static void *at(uintptr_t address)
{
    return (void *)address;
}

static int add(uintptr_t low, uintptr_t high)
{
    return gc_root_add(at(low), at(high));
}

static int take_away(uintptr_t low, uintptr_t high)
{
    return gc_root_remove(at(low), at(high));
}

/* Nobody else uses the tables. */
static void run_callbacks(void)
{
    lock_check_all(true);
    registered_callbacks_run();
    lock_check_all(false);
}

/* Ranges are visited in order of (low, high). */
struct seen {
    size_t count;
    struct range last;
    uintptr_t sum;
};

static void see(void *argument, struct range r)
{
    struct seen *s = argument;
    if (s->count++)
        ENSURE(s->last.low < r.low || (s->last.low == r.low && s->last.high < r.high));
    s->last = r;
    s->sum += r.low * 3 + r.high;
}

static struct seen walk(void)
{
    struct seen s = {0};
    lock_check_all(true);
    registered_walk(see, &s);
    lock_check_all(false);
    registered_check();
    return s;
}

/* Range i: many share a low end, some are empty, and most overlap others. */
static struct range range_of(uint32_t i)
{
    uintptr_t low = 4096 + i / 3 * 16;
    return (struct range){low, low + i % 3 * 40};
}

static uint32_t order[RANGES];

START_TEST(many_in_random_order)
{
    uintptr_t sum = 0;
    for (uint32_t i = 0; i < RANGES; i++) {
        order[i] = i;
        sum += range_of(i).low * 3 + range_of(i).high;
    }
    errno = EDOM;
    for (int round = 0; round < 2; round++) {
        shuffle(order, RANGES);
        for (uint32_t i = 0; i < RANGES; i++) {
            struct range r = range_of(order[i]);
            ENSURE(add(r.low, r.high) == 0);
        }
        struct seen s = walk();
        ck_assert_uint_eq(s.count, RANGES);
        ck_assert_uint_eq(s.sum, sum);
        shuffle(order, RANGES);
        for (uint32_t i = 0; i < RANGES; i++) {
            struct range r = range_of(order[i]);
            ENSURE(take_away(r.low, r.high) == 0);
            if (i % 10000 == 0)
                ck_assert_uint_eq(walk().count, RANGES - 1 - i);
        }
        ck_assert_uint_eq(walk().count, 0);
    }
    ck_assert_int_eq(errno, EDOM);
}
END_TEST

START_TEST(duplicates_are_counted)
{
    enum { KINDS = 50, STEPS = 20000 };
    uint32_t times[KINDS] = {0};
    for (int i = 0; i < STEPS; i++) {
        uint32_t n = roll(KINDS), different = 0;
        struct range r = range_of(n);
        if (roll(2)) {
            ENSURE(add(r.low, r.high) == 0);
            times[n]++;
        } else {
            errno = 0;
            ENSURE(take_away(r.low, r.high) == (times[n] ? 0 : -1));
            ENSURE(errno == (times[n] ? 0 : EINVAL));
            times[n] -= times[n] > 0;
        }
        for (int k = 0; k < KINDS; k++)
            different += times[k] > 0;
        ENSURE(walk().count == different);
    }
}
END_TEST

START_TEST(bad_ranges)
{
    errno = 0;
    ck_assert_int_eq(add(2, 1), -1);
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_int_eq(take_away(1, 2), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(add(100, 200), 0);
    ck_assert_int_eq(take_away(100, 199), -1);
    ck_assert_int_eq(take_away(101, 200), -1);
    ck_assert_int_eq(take_away(100, 200), 0);
    ck_assert_int_eq(take_away(100, 200), -1);
    ck_assert_uint_eq(walk().count, 0);
}
END_TEST

START_TEST(no_memory_for_a_range)
{
    os_fail(1, true);
    errno = 0;
    ck_assert_int_eq(add(1, 2), -1);
    ck_assert_int_eq(errno, ENOMEM);
    uintptr_t added = 0;
    os_fail(2, true);
    while (add(16 * added, 16 * added + 8) == 0)
        added++;
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_gt(added, 10);
    os_fail(0, false);
    ck_assert_uint_eq(walk().count, added);
    ck_assert_int_eq(add(16 * added, 16 * added + 8), 0);
    ck_assert_uint_eq(walk().count, added + 1);
}
END_TEST

static char trace[64];

static void append(void *data)
{
    strcat(trace, data);
}

static const char *run(void)
{
    trace[0] = '\0';
    run_callbacks();
    return trace;
}

START_TEST(callbacks_run_in_order)
{
    char a[] = "a", b[] = "b", c[] = "c";
    ck_assert_int_eq(gc_root_callback_add(append, a), 0);
    ck_assert_int_eq(gc_root_callback_add(append, b), 0);
    ck_assert_int_eq(gc_root_callback_add(append, a), 0);
    ck_assert_int_eq(gc_root_callback_add(append, c), 0);
    ck_assert_str_eq(run(), "abac");
    ck_assert_int_eq(gc_root_callback_remove(append, b), 0);
    ck_assert_str_eq(run(), "aac");
    ck_assert_int_eq(gc_root_callback_remove(append, a), 0);
    ck_assert_str_eq(run(), "ac");
    ck_assert_int_eq(gc_root_callback_remove(append, c), 0);
    ck_assert_str_eq(run(), "a");
    errno = 0;
    ck_assert_int_eq(gc_root_callback_remove(append, c), -1);
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_int_eq(gc_root_callback_add(NULL, a), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_root_callback_remove(append, a), 0);
    ck_assert_str_eq(run(), "");
}
END_TEST

static uintptr_t runs;

static void count_runs(void *data)
{
    runs += (uintptr_t)data;
}

START_TEST(many_callbacks)
{
    enum { CALLBACKS = 1000 };
    for (uintptr_t i = 1; i <= CALLBACKS; i++)
        ck_assert_int_eq(gc_root_callback_add(count_runs, at(i)), 0);
    run_callbacks();
    ck_assert_uint_eq(runs, CALLBACKS * (CALLBACKS + 1) / 2);
}
END_TEST

/* Callbacks as a list says, in which those of one number are equal. */
static uint32_t model[3000], called[3000];
static size_t model_count, called_count;

static void note_call(void *number)
{
    called[called_count++] = (uint32_t)(uintptr_t)number;
}

static void model_remove(uint32_t number)
{
    size_t i = model_count;
    while (i-- > 0 && model[i] != number)
        continue;
    memmove(model + i, model + i + 1, (model_count - i - 1) * sizeof *model);
    model_count--;
}

START_TEST(callbacks_against_a_list)
{
    for (int step = 0; step < 3000; step++) {
        if (model_count && roll(5) < 2) {
            uint32_t number = model[roll((uint32_t)model_count)];
            ENSURE(gc_root_callback_remove(note_call, at(number)) == 0);
            model_remove(number);
        } else {
            uint32_t number = roll(100);
            ENSURE(gc_root_callback_add(note_call, at(number)) == 0);
            model[model_count++] = number;
        }
        if (step % 50)
            continue;
        called_count = 0;
        run_callbacks();
        registered_check();
        ENSURE(called_count == model_count);
        ENSURE(memcmp(called, model, model_count * sizeof *model) == 0);
    }
}
END_TEST

/* In the order in which they were added: so many, that a search from the end would not come to
 * an end. */
START_TEST(callbacks_removed_in_order)
{
    enum { CALLBACKS = 500000 };
    for (int round = 0; round < 2; round++) {
        for (uintptr_t i = 1; i <= CALLBACKS; i++)
            ENSURE(gc_root_callback_add(count_runs, at(i)) == 0);
        for (uintptr_t i = 1; i <= CALLBACKS; i++)
            ENSURE(gc_root_callback_remove(count_runs, at(i)) == 0);
    }
    registered_check();
    run_callbacks();
    ck_assert_uint_eq(runs, 0);
}
END_TEST

START_TEST(no_memory_for_a_callback)
{
    os_fail(1, true);
    errno = 0;
    ck_assert_int_eq(gc_root_callback_add(count_runs, at(1)), -1);
    ck_assert_int_eq(errno, ENOMEM);
    os_fail(0, false);
    run_callbacks();
    ck_assert_uint_eq(runs, 0);
}
END_TEST

TCase *registered_tests(void)
{
    TCase *t = tcase_create("registered");
    tcase_add_test(t, many_in_random_order);
    tcase_add_test(t, duplicates_are_counted);
    tcase_add_test(t, bad_ranges);
    tcase_add_test(t, no_memory_for_a_range);
    tcase_add_test(t, callbacks_run_in_order);
    tcase_add_test(t, many_callbacks);
    tcase_add_test(t, callbacks_against_a_list);
    tcase_add_test(t, callbacks_removed_in_order);
    tcase_add_test(t, no_memory_for_a_callback);
    return t;
}
