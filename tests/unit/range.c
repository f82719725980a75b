/* Lists of ranges. */
#include "roots/range.h"

#include "base/os.h"
#include "support.h"

static struct range_list l;

START_TEST(grows_and_clears)
{
    for (int round = 0; round < 2; round++) {
        for (uintptr_t i = 0; i < 5000; i++)
            range_list_add(&l, i, 2 * i + 1);
        ck_assert_uint_eq(l.count, 5000);
        for (uintptr_t i = 0; i < 5000; i++)
            ENSURE(l.ranges[i].low == i && l.ranges[i].high == 2 * i + 1);
        ck_assert(!l.incomplete);
        range_list_clear(&l);
        ck_assert_uint_eq(l.count, 0);
    }
}
END_TEST

START_TEST(empty_ranges_are_left_out)
{
    range_list_add(&l, 5, 5);
    range_list_add(&l, 5, 4);
    range_list_add(&l, UINTPTR_MAX, 0);
    ck_assert_uint_eq(l.count, 0);
    range_list_add(&l, 5, 6);
    ck_assert_uint_eq(l.count, 1);
}
END_TEST

/* Every hole in a small range, number by number. */
START_TEST(without_a_hole)
{
    enum { LOW = 10, HIGH = 20 };
    for (uintptr_t low = 5; low < 25; low++)
        for (uintptr_t high = 5; high < 25; high++) {
            range_list_clear(&l);
            range_list_add_without(&l, (struct range){LOW, HIGH},
                                   (struct range){low, high});
            ENSURE(l.count <= 2);
            for (uintptr_t n = 0; n < 30; n++) {
                unsigned times = 0;
                for (size_t i = 0; i < l.count; i++)
                    times += n >= l.ranges[i].low && n < l.ranges[i].high;
                bool in_hole = n >= low && n < high;
                ENSURE(times == (n >= LOW && n < HIGH && !in_hole));
            }
        }
}
END_TEST

START_TEST(no_memory_makes_it_incomplete)
{
    os_fail(1, true);
    range_list_add(&l, 1, 2);
    os_fail(0, false);
    ck_assert(l.incomplete);
    ck_assert_uint_eq(l.count, 0);
    range_list_add(&l, 3, 4);
    ck_assert(l.incomplete);
    range_list_clear(&l);
    ck_assert(!l.incomplete);
    while (l.count < l.capacity)
        range_list_add(&l, 5, 6);
    os_fail(1, true);
    range_list_add(&l, 7, 8);
    os_fail(0, false);
    ck_assert(l.incomplete && l.count == l.capacity);
    ck_assert_uint_eq(l.ranges[l.count - 1].low, 5);
}
END_TEST

TCase *range_tests(void)
{
    TCase *t = tcase_create("range");
    tcase_add_test(t, grows_and_clears);
    tcase_add_test(t, empty_ranges_are_left_out);
    tcase_add_test(t, without_a_hole);
    tcase_add_test(t, no_memory_makes_it_incomplete);
    return t;
}
