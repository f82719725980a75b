/* gc_root_add, root callbacks, gc_mark_range: arguments, errors, counts.  The places
 * where roots can be are tested in tests/roots. */
#include "api.h"

/* Memory that the collector does not scan by itself. */
static void **table;
enum { COUNT = 64 };

static uintptr_t hidden[COUNT];

static void fill_table(void *argument)
{
    (void)argument;
    for (size_t i = 0; i < COUNT; i++) {
        table[i] = gc_alloc(100);
        hidden[i] = hide(table[i]);
    }
}

/* How many of the table's objects outlive a collection. */
static size_t survivors(void)
{
    run_apart(fill_table, NULL);
    collect_clean();
    return count_living(hidden, COUNT);
}

static void make_table(void)
{
    table = malloc(COUNT * sizeof *table);
    ck_assert_ptr_nonnull(table);
}

START_TEST(range_keeps_objects)
{
    make_table();
    ck_assert_uint_le(survivors(), 1);
    ck_assert_int_eq(gc_root_add(table, table + COUNT), 0);
    ck_assert_uint_eq(survivors(), COUNT);
    ck_assert_int_eq(gc_root_remove(table, table + COUNT), 0);
    ck_assert_uint_le(survivors(), 1);
    free(table);
}
END_TEST

START_TEST(range_is_half_open)
{
    make_table();
    ck_assert_int_eq(gc_root_add(table + 8, table + 24), 0);
    ck_assert_uint_le(survivors() - 16, 1);
    ck_assert_uint_eq(count_living(hidden + 8, 16), 16);
    ck_assert_int_eq(gc_root_remove(table + 8, table + 24), 0);
    ck_assert_int_eq(gc_root_add(table, table), 0); /* an empty one */
    ck_assert_uint_le(survivors(), 1);
    ck_assert_int_eq(gc_root_remove(table, table), 0);
    /* Only the aligned words that lie wholly inside. */
    char *bytes = (char *)table;
    ck_assert_int_eq(gc_root_add(bytes + 1, bytes + 8 * 17 - 1), 0);
    ck_assert_uint_le(survivors() - 15, 1);
    ck_assert_uint_eq(count_living(hidden + 1, 15), 15);
    free(table);
}
END_TEST

START_TEST(ranges_are_counted_and_overlap)
{
    make_table();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(gc_root_add(table, table + COUNT), 0);
    ck_assert_int_eq(gc_root_add(table, table + 32), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(survivors(), COUNT);
        ck_assert_int_eq(gc_root_remove(table, table + COUNT), 0);
    }
    ck_assert_uint_le(survivors() - 32, 1);
    errno = 0;
    ck_assert_int_eq(gc_root_remove(table, table + COUNT), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_root_remove(table, table + 32), 0);
    ck_assert_uint_le(survivors(), 1);
    free(table);
}
END_TEST

START_TEST(range_errors)
{
    make_table();
    gc_init();
    errno = 0;
    ck_assert_int_eq(gc_root_add(table + 1, table), -1);
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_int_eq(gc_root_remove(table, table + 1), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_root_add(table, table + 8), 0);
    errno = 0;
    ck_assert_int_eq(gc_root_remove(table, table + 7), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_root_remove(table + 1, table + 8), -1);
    ck_assert_int_eq(gc_root_remove(table, table + 8), 0);
    check_heap_sound();
    free(table);
}
END_TEST

static unsigned calls;

static void mark_table(void *data)
{
    calls++;
    gc_mark_range(data, (void **)data + COUNT);
}

static void mark_half(void *data)
{
    gc_mark_range(data, (void **)data + COUNT / 2);
}

START_TEST(callbacks)
{
    make_table();
    ck_assert_int_eq(gc_root_callback_add(mark_table, table), 0);
    ck_assert_uint_eq(survivors(), COUNT);
    ck_assert_uint_eq(calls, 1);
    ck_assert_int_eq(gc_root_callback_add(mark_table, table), 0);
    ck_assert_int_eq(gc_root_callback_add(mark_half, table), 0);
    ck_assert_uint_eq(survivors(), COUNT);
    ck_assert_uint_eq(calls, 3);
    ck_assert_int_eq(gc_root_callback_remove(mark_table, table), 0);
    ck_assert_uint_eq(survivors(), COUNT);
    ck_assert_uint_eq(calls, 4);
    ck_assert_int_eq(gc_root_callback_remove(mark_table, table), 0);
    ck_assert_uint_le(survivors() - COUNT / 2, 1);
    ck_assert_int_eq(gc_root_callback_remove(mark_half, table), 0);
    ck_assert_uint_le(survivors(), 1);
    ck_assert_uint_eq(calls, 4);
    free(table);
}
END_TEST

START_TEST(callback_errors)
{
    make_table();
    errno = 0;
    ck_assert_int_eq(gc_root_callback_add(NULL, table), -1);
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_int_eq(gc_root_callback_remove(mark_table, table), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_root_callback_add(mark_table, table), 0);
    ck_assert_int_eq(gc_root_callback_remove(mark_table, NULL), -1);
    ck_assert_int_eq(gc_root_callback_remove(mark_half, table), -1);
    ck_assert_int_eq(gc_root_callback_remove(mark_table, table), 0);
    free(table);
}
END_TEST

/* A collection need not wait for the thread then, and may be reading the roots. */
static void expect_busy(int result)
{
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(errno, EBUSY);
    errno = 0;
}

START_TEST(refused_while_blocking)
{
    make_table();
    ck_assert_int_eq(gc_root_add(table, table + 8), 0);
    ck_assert_int_eq(gc_root_callback_add(mark_table, table), 0);
    ck_assert_int_eq(gc_thread_register(), 0);
    gc_blocking_begin();
    expect_busy(gc_root_add(table, table + 4));
    expect_busy(gc_root_remove(table, table + 8));
    expect_busy(gc_root_callback_add(mark_half, table));
    expect_busy(gc_root_callback_remove(mark_table, table));
    gc_blocking_end();
    ck_assert_int_eq(gc_root_remove(table, table + 8), 0);
    ck_assert_int_eq(gc_root_callback_remove(mark_table, table), 0);
    ck_assert_int_eq(gc_root_callback_remove(mark_half, table), -1);
    free(table);
}
END_TEST

/* Outside of a callback it names no root, not even for the next collection. */
START_TEST(mark_range_outside_does_nothing)
{
    make_table();
    run_apart(fill_table, NULL);
    gc_mark_range(table, table + COUNT);
    collect_clean();
    ck_assert_uint_le(count_living(hidden, COUNT), 1);
    check_heap_sound();
    free(table);
}
END_TEST

Suite *roots_suite(void)
{
    Suite *s = suite_create("roots");
    ADD(s, range_keeps_objects);
    ADD(s, range_is_half_open);
    ADD(s, ranges_are_counted_and_overlap);
    ADD(s, range_errors);
    ADD(s, callbacks);
    ADD(s, callback_errors);
    ADD(s, refused_while_blocking);
    ADD(s, mark_range_outside_does_nothing);
    return s;
}
