/* Lists of ranges. */
#include "roots/range.h"

#include <stdlib.h>

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

/* Words of a small range, and how often each was listed. */
enum { WORDS = 60, KNOWN = 8, ADDED = 12 };

static struct range some_range(void)
{
    uintptr_t low = 8 * WORDS + roll(8 * WORDS), bytes = roll(roll(2) ? 20 : 150);
    return (struct range){low, low + bytes};
}

static int by_low(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->low > y->low) - (x->low < y->low);
}

static void note_words(bool *words, struct range r)
{
    for (uintptr_t word = (r.low + 7) / 8; 8 * word + 8 <= r.high; word++)
        words[word] = true;
}

/* Each whole word of any range is in exactly one of those that come out, and no other is. */
START_TEST(every_word_once)
{
    for (int round = 0; round < 5000; round++) {
        bool words[4 * WORDS] = {false};
        struct range added[ADDED];
        struct range_cover cover;
        range_list_clear(&l);
        for (uint32_t i = roll(KNOWN); i-- > 0;) {
            struct range r = some_range();
            note_words(words, r);
            range_list_add(&l, r.low, r.high);
        }
        for (size_t i = 0; i < ADDED; i++) {
            added[i] = some_range();
            note_words(words, added[i]);
        }
        qsort(added, ADDED, sizeof *added, by_low);
        range_cover_begin(&cover, &l);
        for (size_t i = 0; i < ADDED; i++)
            range_cover_add(&cover, added[i]);
        for (uintptr_t word = 0; word < COUNT_OF(words); word++) {
            unsigned times = 0;
            for (size_t i = 0; i < l.count; i++)
                times += 8 * word >= l.ranges[i].low && 8 * word + 8 <= l.ranges[i].high;
            ENSURE(times == words[word]);
        }
    }
}
END_TEST

START_TEST(many_ranges_are_sorted)
{
    struct range_cover cover;
    range_list_clear(&l);
    for (int i = 0; i < 10000; i++) {
        uintptr_t low = 16 * roll(100000);
        range_list_add(&l, low, low + 8 + 8 * roll(2));
    }
    range_cover_begin(&cover, &l);
    for (size_t i = 1; i < l.count; i++)
        ENSURE(l.ranges[i - 1].high < l.ranges[i].low);
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
    tcase_add_test(t, every_word_once);
    tcase_add_test(t, many_ranges_are_sorted);
    tcase_add_test(t, no_memory_makes_it_incomplete);
    return t;
}
