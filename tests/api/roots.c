/* gc_root_add, root callbacks, gc_mark_range: arguments, errors, counts.  The places
 * where roots can be are tested in tests/roots. */
#include "api.h"

#include <sys/mman.h>

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

static void *kept, *got[6];
static int errors[6];

/* All that a root callback may not do, the commonest sizes too, for which there is a cache. */
static void misuse(void *data)
{
    static int (*const changes[])(void *, void *) = {gc_root_add, gc_root_remove,
                                                     gc_stack_register};
    got[0] = gc_alloc(32);
    errors[0] = errno;
    got[1] = gc_alloc_atomic(100000);
    got[2] = gc_realloc(kept, 5000);
    got[3] = gc_calloc(3, 16);
    gc_free(kept);
    gc_collect();
    for (size_t i = 0; i < 3; i++)
        errors[1 + i] = changes[i](table, table + 1) == -1 ? errno : 0;
    errors[4] = gc_root_callback_remove(misuse, data) == -1 ? errno : 0;
    gc_mark_range(table, table + COUNT);
}

START_TEST(callback_may_not_use_the_heap)
{
    make_table();
    kept = gc_alloc_manual(32);
    memset(got, 1, sizeof got);
    ck_assert_int_eq(gc_root_callback_add(misuse, NULL), 0);
    capture_begin();
    ck_assert_uint_eq(survivors(), COUNT);
    const char *text = capture_end();
    ck_assert_ptr_nonnull(strstr(text, "root callback called a function"));
    for (size_t i = 0; i < 4; i++)
        ck_assert_ptr_null(got[i]);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(errors[i], EBUSY);
    ck_assert_ptr_eq(gc_base(kept), kept);
    ck_assert_int_eq(gc_root_callback_remove(misuse, NULL), 0);
    gc_free(kept);
    check_heap_sound();
    free(table);
}
END_TEST

static size_t root_bytes(void)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_collect();
    gc_stats_get(&stats);
    return stats.root_bytes;
}

/* Static data that is registered, and what is registered twice: each word is scanned once.  The
 * stack is a little deeper now and then.  Where static data is large, pages of it that nobody has touched count or not by
 * what else is registered there. */
START_TEST(overlapping_ranges_are_scanned_once)
{
    static char data[512 << 10];
    enum { BYTES = sizeof data, SLACK = 64 << 10 };
    char *memory =
        mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    data[BYTES / 2] = 1;
    size_t unregistered = root_bytes();
    ck_assert_int_eq(gc_root_add(data, data + BYTES), 0);
    size_t before = root_bytes();
    ck_assert_uint_lt(before, unregistered + SLACK);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_int_eq(gc_root_add(data + 16 * i, data + BYTES - 16 * i), 0);
        ck_assert_int_eq(gc_root_add(memory + 16 * i, memory + BYTES - 48 * i), 0);
        ck_assert_int_eq(gc_root_add(memory + 16 * i + 3, memory + BYTES / 2), 0);
    }
    size_t more = root_bytes() - before;
    ck_assert_uint_lt(more, BYTES + SLACK);
    ck_assert_uint_gt(more, BYTES - SLACK);
}
END_TEST

START_TEST(misuse_is_said)
{
    struct gc_stats stats = {.size = 0, .collections = 77};
    capture_begin();
    gc_enable();
    gc_stats_get(&stats);
    const char *text = capture_end();
    ck_assert_ptr_nonnull(strstr(text, "gc_enable was called more often"));
    ck_assert_ptr_nonnull(strstr(text, "gc_stats_get: nothing is filled in"));
    ck_assert_uint_eq(stats.collections, 77);
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
    ADD(s, callback_may_not_use_the_heap);
    ADD(s, overlapping_ranges_are_scanned_once);
    ADD(s, misuse_is_said);
    return s;
}
