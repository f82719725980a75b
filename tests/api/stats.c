/* gc_stats_get: every field, exact where it can be. */
#include "api.h"

#include <stddef.h>

/* Bytes of slots that the program holds. */
static uint64_t in_use(void)
{
    struct gc_stats s = stats_now();
    return s.allocated_bytes - s.freed_bytes;
}

START_TEST(before_the_first_allocation)
{
    struct gc_stats s = stats_now();
    ck_assert_uint_eq(s.version, GC_STATS_VERSION);
    ck_assert_uint_eq(s.size, sizeof s);
    ck_assert_uint_eq(s.collections, 0);
    ck_assert_uint_eq(s.allocated_bytes, 0);
    ck_assert_uint_eq(s.heap_bytes, 0);
}
END_TEST

/* Not a byte beyond `size` is written, and what was filled is told. */
START_TEST(smaller_struct)
{
    struct gc_stats s;
    gc_init();
    for (uint32_t size = 8; size <= sizeof s; size += 8) {
        memset(&s, 0x33, sizeof s);
        s.size = size;
        gc_stats_get(&s);
        ck_assert_uint_eq(s.version, GC_STATS_VERSION);
        ck_assert_uint_eq(s.size, size);
        ck_assert(is_filled((char *)&s + size, sizeof s - size, 0x33));
    }
    memset(&s, 0x33, sizeof s);
    s.size = 0;
    gc_stats_get(&s);
    ck_assert_uint_eq(s.version, 0x33333333u);
}
END_TEST

START_TEST(larger_struct)
{
    struct {
        struct gc_stats s;
        uint64_t later[4]; /* fields of a later release */
    } larger;
    memset(&larger, 0x33, sizeof larger);
    larger.s.size = sizeof larger;
    gc_stats_get(&larger.s);
    ck_assert_uint_eq(larger.s.size, sizeof larger.s);
    ck_assert(is_filled(larger.later, sizeof larger.later, 0x33));
}
END_TEST

/* allocated - freed is just what lives, by gc_usable_size, for all sizes and ways to go;
 * slots from 256 bytes have one byte more than is usable. */
START_TEST(allocated_less_freed_is_in_use)
{
    enum { COUNT = 500 };
    static void *objects[COUNT];
    uint64_t expected = in_use();
    for (size_t i = 0; i < COUNT; i++) {
        objects[i] = gc_alloc_with(i * i % 100000, 0, (unsigned)i % 8);
        size_t usable = gc_usable_size(objects[i]);
        expected += usable + usable % 2;
        ck_assert_uint_eq(in_use(), expected);
    }
    for (size_t i = 0; i < COUNT; i += 2) {
        size_t usable = gc_usable_size(objects[i]);
        expected -= usable + usable % 2;
        gc_free(objects[i]);
        objects[i] = NULL;
        ck_assert_uint_eq(in_use(), expected);
    }
    collect_clean();
    ck_assert_uint_eq(in_use(), expected);
    ck_assert_uint_eq(stats_now().live_bytes, expected);
    ck_assert_uint_eq(stats_now().live_objects, COUNT / 2);
    check_heap_sound();
}
END_TEST

/* Resizing in place counts the difference. */
START_TEST(resized_in_use)
{
    uint64_t before = in_use();
    char *object = gc_alloc(MIB(1));
    ck_assert_uint_eq(in_use() - before, MIB(1));
    object = gc_realloc(object, MIB(6));
    ck_assert_uint_eq(in_use() - before, MIB(6));
    object = gc_realloc(object, MIB(2));
    ck_assert_uint_eq(in_use() - before, MIB(2));
    object = gc_realloc(object, 1000);
    ck_assert_uint_eq(in_use() - before, 1024);
    gc_free(object);
    ck_assert_uint_eq(in_use() - before, 0);
}
END_TEST

static void drop_thousand(void *argument)
{
    (void)argument;
    for (int i = 0; i < 1000; i++)
        ck_assert_ptr_nonnull(gc_alloc(128));
}

START_TEST(reclaimed)
{
    collect_clean();
    struct gc_stats before = stats_now();
    run_apart(drop_thousand, NULL);
    collect_clean();
    struct gc_stats after = stats_now();
    uint64_t objects = after.reclaimed_objects - before.reclaimed_objects;
    ck_assert_uint_ge(objects, 990);
    ck_assert_uint_le(objects, 1000);
    ck_assert_uint_eq(after.reclaimed_bytes - before.reclaimed_bytes, objects * 128);
    ck_assert_uint_eq(after.freed_bytes - before.freed_bytes, objects * 128);
    ck_assert_uint_eq(after.allocated_bytes - before.allocated_bytes, 128000);
    ck_assert_uint_eq(after.collections - before.collections, 1);
}
END_TEST

START_TEST(heap_and_maximum)
{
    struct gc_stats s0, s1, s2;
    gc_init();
    s0 = stats_now();
    void *large = gc_alloc_manual(MIB(50));
    s1 = stats_now();
    ck_assert_uint_eq(s1.heap_bytes - s0.heap_bytes, MIB(50));
    ck_assert_uint_eq(s1.heap_bytes_max, s1.heap_bytes);
    ck_assert_uint_eq(s1.charged_bytes - s0.charged_bytes, MIB(50));
    gc_free(large);
    s2 = stats_now();
    ck_assert_uint_eq(s2.heap_bytes_max, s1.heap_bytes_max);
    ck_assert_uint_eq(s2.charged_bytes, s0.charged_bytes);
    gc_collect();
    ck_assert_uint_le(stats_now().heap_bytes, s0.heap_bytes + s2.budget_bytes);
    ck_assert_uint_eq(stats_now().heap_bytes_max, s1.heap_bytes_max);
    ck_assert_uint_eq(stats_now().charged_bytes, 0);
}
END_TEST

START_TEST(plausible)
{
    ck_assert_int_eq(gc_option_set("memory", "0"), 0);
    run_apart(drop_thousand, NULL);
    gc_collect();
    struct gc_stats one = stats_now();
    gc_collect();
    struct gc_stats two = stats_now();
    ck_assert_uint_eq(one.collections, 1);
    ck_assert_uint_eq(two.collections, 2);
    ck_assert_uint_gt(one.pause_ns_last, 0);
    ck_assert_uint_eq(one.pause_ns_max, one.pause_ns_last);
    ck_assert_uint_eq(one.pause_ns_total, one.pause_ns_last);
    ck_assert_uint_eq(two.pause_ns_total, one.pause_ns_last + two.pause_ns_last);
    ck_assert_uint_eq(two.pause_ns_max, max_size(one.pause_ns_last, two.pause_ns_last));
    ck_assert_uint_le(two.mark_ns_total + two.sweep_ns_total, two.pause_ns_total);
    ck_assert_uint_gt(two.mark_ns_total, 0);
    ck_assert_uint_gt(two.root_bytes, KIB(1)); /* stack and static data */
    ck_assert_uint_lt(two.root_bytes, MIB(64));
    ck_assert_uint_gt(two.meta_bytes, 0);
    ck_assert_uint_ge(two.reserved_bytes, two.heap_bytes);
    ck_assert_uint_eq(two.reserved_bytes % 65536, 0);
    ck_assert_uint_eq(two.budget_bytes, MIB(8));
    ck_assert_uint_eq(two.limit_bytes, 0);
    ck_assert_uint_eq(two.out_of_memory, 0);
}
END_TEST

START_TEST(out_of_memory_is_counted)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "8M"), 0);
    ck_assert_ptr_null(gc_alloc(MIB(9)));
    ck_assert_ptr_null(gc_alloc(opaque(SIZE_MAX)));
    void *object = gc_alloc(100);
    ck_assert_ptr_null(gc_realloc(object, MIB(9)));
    ck_assert_uint_eq(stats_now().out_of_memory, 3);
    ck_assert_uint_eq(stats_now().limit_bytes, MIB(8));
}
END_TEST

Suite *stats_suite(void)
{
    Suite *s = suite_create("stats");
    ADD(s, before_the_first_allocation);
    ADD(s, smaller_struct);
    ADD(s, larger_struct);
    ADD(s, allocated_less_freed_is_in_use);
    ADD(s, resized_in_use);
    ADD(s, reclaimed);
    ADD(s, heap_and_maximum);
    ADD(s, plausible);
    ADD(s, out_of_memory_is_counted);
    return s;
}
