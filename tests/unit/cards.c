/* The card table: what is told to be written, and that each store is told of once. */
#include "base/cards.h"

#include <errno.h>
#include <stdlib.h>

#include "support.h"

enum { CARDS = 4096, RANGE = CARDS * CARD_BYTES, MOST = 64 };

/* No memory is needed there, as only the addresses are looked at. */
static const uintptr_t low = (uintptr_t)1 << 40, high = ((uintptr_t)1 << 40) + RANGE;

static void begin(void)
{
    ck_assert(cards_begin(low, RANGE));
}

static void note(size_t card, size_t bytes)
{
    cards_note((const void *)(low + card * CARD_BYTES), bytes);
}

/* Collects cards [from, to) by so many parts at a time; written[i] becomes whether the i-th was told. */
static void collect(size_t from, size_t to, size_t most, bool again, bool *written)
{
    struct os_part parts[MOST];
    uintptr_t at = low + from * CARD_BYTES, end = low + to * CARD_BYTES, last = 0;
    for (size_t i = 0; i < CARDS; i++)
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
            for (uintptr_t p = parts[i].low; p < parts[i].high; p += CARD_BYTES)
                written[(p - low) / CARD_BYTES] = true;
        }
    }
    ck_assert_uint_eq(at, end);
}

static bool model[CARDS], told[CARDS];

static void compare(size_t from, size_t to)
{
    for (size_t i = 0; i < CARDS; i++)
        ck_assert_msg(told[i] == (model[i] && i >= from && i < to), "card %zu", i);
}

START_TEST(each_card_once)
{
    static const size_t mosts[] = {1, 2, MOST};
    size_t most = mosts[_i];
    unsigned seed = 1;
    begin();
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 60; i++) {
            size_t page = (size_t)rand_r(&seed) % CARDS;
            size_t pages = (size_t)rand_r(&seed) % 20 + 1;
            note(page, pages * CARD_BYTES);
            for (size_t p = page; p < page + pages && p < CARDS; p++)
                model[p] = true;
        }
        size_t from = (size_t)rand_r(&seed) % CARDS, to = from + (CARDS - from) / 2;
        collect(from, to, most, false, told);
        compare(from, to);
        collect(from, to, most, true, told);
        compare(from, to);
        for (size_t p = from; p < to; p++)
            model[p] = false;
    }
    cards_clear(low, high);
    collect(0, CARDS, most, true, told);
    for (size_t i = 0; i < CARDS; i++)
        ck_assert(!told[i]);
}
END_TEST

/* A store that reaches over the end of a card, or of the range. */
START_TEST(ends)
{
    begin();
    cards_note((const void *)(low + CARD_BYTES - 1), 2);
    cards_note((const void *)(high - 1), 100);
    cards_note((const void *)(low - 1), 1);
    cards_note((const void *)high, 1);
    cards_note((const void *)(low + 5 * CARD_BYTES), 0);
    cards_note(NULL, 8);
    cards_note((const void *)(UINTPTR_MAX - 7), 8);
    collect(0, CARDS, MOST, true, told);
    for (size_t i = 0; i < CARDS; i++)
        ck_assert_int_eq(told[i], i < 2 || i == CARDS - 1);
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
    collect(0, CARDS, MOST, true, told);
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
    tcase_add_loop_test(t, each_card_once, 0, 3);
    tcase_add_test(t, ends);
    tcase_add_test(t, one_range);
    tcase_add_test(t, refused);
    return t;
}
