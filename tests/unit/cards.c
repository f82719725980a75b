/* The card table: which pages are told to be written, and that each store is told of once. */
#include "base/cards.h"

#include <errno.h>
#include <stdlib.h>

#include "support.h"

enum { PAGES = 4096, RANGE = PAGES * OS_PAGE, MOST = 64 };

/* No memory is needed there, as only the addresses are looked at. */
static const uintptr_t low = (uintptr_t)1 << 40, high = ((uintptr_t)1 << 40) + RANGE;

static void begin(void)
{
    ck_assert(cards_begin(low, RANGE));
}

static void note(size_t page, size_t bytes)
{
    cards_note((const void *)(low + page * OS_PAGE), bytes);
}

/* Collects pages [from, to) by so many parts at a time; written[i] becomes whether the i-th was told. */
static void collect(size_t from, size_t to, size_t most, bool again, bool *written)
{
    struct os_part parts[MOST];
    uintptr_t at = low + from * OS_PAGE, end = low + to * OS_PAGE, last = 0;
    for (size_t i = 0; i < PAGES; i++)
        written[i] = false;
    while (at < end) {
        uintptr_t before = at;
        size_t count = cards_collect(&at, end, again, parts, most);
        ck_assert_uint_gt(at, before);
        ck_assert_uint_le(count, most);
        for (size_t i = 0; i < count; i++) {
            ck_assert(parts[i].low < parts[i].high && parts[i].low >= last);
            ck_assert(parts[i].low >= before && parts[i].high <= at);
            last = parts[i].high;
            for (uintptr_t p = parts[i].low; p < parts[i].high; p += OS_PAGE)
                written[(p - low) / OS_PAGE] = true;
        }
    }
    ck_assert_uint_eq(at, end);
}

static bool model[PAGES], told[PAGES];

static void compare(size_t from, size_t to)
{
    for (size_t i = 0; i < PAGES; i++)
        ck_assert_msg(told[i] == (model[i] && i >= from && i < to), "page %zu", i);
}

START_TEST(each_page_once)
{
    static const size_t mosts[] = {1, 2, MOST};
    size_t most = mosts[_i];
    unsigned seed = 1;
    begin();
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 60; i++) {
            size_t page = (size_t)rand_r(&seed) % PAGES;
            size_t pages = (size_t)rand_r(&seed) % 20 + 1;
            note(page, pages * OS_PAGE);
            for (size_t p = page; p < page + pages && p < PAGES; p++)
                model[p] = true;
        }
        size_t from = (size_t)rand_r(&seed) % PAGES, to = from + (PAGES - from) / 2;
        collect(from, to, most, false, told);
        compare(from, to);
        collect(from, to, most, true, told);
        compare(from, to);
        for (size_t p = from; p < to; p++)
            model[p] = false;
    }
    cards_clear(low, high);
    collect(0, PAGES, most, true, told);
    for (size_t i = 0; i < PAGES; i++)
        ck_assert(!told[i]);
}
END_TEST

/* A store that reaches over the end of a page, or of the range. */
START_TEST(ends)
{
    begin();
    cards_note((const void *)(low + OS_PAGE - 1), 2);
    cards_note((const void *)(high - 1), 100);
    cards_note((const void *)(low - 1), 1);
    cards_note((const void *)high, 1);
    cards_note((const void *)(low + 5 * OS_PAGE), 0);
    cards_note(NULL, 8);
    cards_note((const void *)(UINTPTR_MAX - 7), 8);
    collect(0, PAGES, MOST, true, told);
    for (size_t i = 0; i < PAGES; i++)
        ck_assert_int_eq(told[i], i < 2 || i == PAGES - 1);
}
END_TEST

START_TEST(one_range)
{
    cards_note((const void *)low, 8); /* nobody listens yet */
    begin();
    begin();
    errno = 0;
    ck_assert(!cards_begin(low + RANGE, RANGE));
    ck_assert_int_eq(errno, EBUSY);
    collect(0, PAGES, MOST, true, told);
    ck_assert(!told[0]);
}
END_TEST

START_TEST(refused)
{
    os_fail(1, false);
    errno = 0;
    ck_assert(!cards_begin(low, RANGE));
    ck_assert_int_eq(errno, ENOMEM);
    os_fail(0, false);
    begin();
}
END_TEST

TCase *cards_tests(void)
{
    TCase *t = tcase_create("cards");
    tcase_add_loop_test(t, each_page_once, 0, 3);
    tcase_add_test(t, ends);
    tcase_add_test(t, one_range);
    tcase_add_test(t, refused);
    return t;
}
