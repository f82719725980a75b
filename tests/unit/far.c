/* Grey objects by address: what is taken is what was pushed, each pass goes upward, and nothing that lies ahead is
 * passed over. */
#include "collect/far.h"

#include "collect/mark_typed.h"
#include "support.h"

enum { ITEMS = 5000, BATCH = 32, FROM = 1 << 20 };

static struct grey_queue l;
static struct far f;
static uint8_t grey[ITEMS]; /* how often the item of this number is in the queue */
static uint32_t number_of_grey;

/* The items lie 64 bytes apart, of which nothing is read.  */
static uintptr_t address_of(uint32_t item)
{
    return FROM + (uintptr_t)item * 64;
}

static void push(uint32_t item, size_t bytes)
{
    struct grey w = {address_of(item), bytes};
    ENSURE(grey_queue_push(&l, &w, 1));
    grey[item]++, number_of_grey++;
}

/* The next from `from` on, where what lies before it comes after all others. */
static uint32_t least_from(uint32_t from)
{
    for (uint32_t i = 0; i < ITEMS; i++)
        if (grey[(from + i) % ITEMS])
            return (from + i) % ITEMS;
    return ITEMS;
}

static uint32_t take_some(uint32_t at)
{
    struct grey taken[BATCH];
    size_t count = far_take(&f, &l, taken, BATCH);
    ENSURE((count == 0) == (number_of_grey == 0));
    for (size_t i = 0; i < count; i++) {
        uint32_t item = (uint32_t)(taken[i].address - FROM) / 64;
        ENSURE(item == least_from(at) && taken[i].bytes == 64 + item);
        grey[item]--, number_of_grey--;
        at = item;
    }
    return at;
}

static void begin(void)
{
    far_begin(&f);
    memset(grey, 0, sizeof grey);
    number_of_grey = 0;
    ck_assert(grey_queue_create(&l, 4 * ITEMS));
}

START_TEST(in_order)
{
    begin();
    uint32_t at = 0;
    for (int round = 0; round < 300; round++) {
        for (uint32_t i = roll(200); i > 0; i--) {
            uint32_t item = roll(ITEMS);
            push(item, 64 + item);
        }
        for (uint32_t i = roll(6); i > 0; i--)
            at = take_some(at);
    }
    while (number_of_grey)
        at = take_some(at);
    ck_assert_uint_eq(take_some(at), at);
    ck_assert_uint_eq(grey_queue_size(&l), 0);
}
END_TEST

/* Of what is scanned in pieces nothing that lies behind it is taken with it: what is left of it comes first. */
START_TEST(pieces)
{
    struct grey taken[BATCH];
    begin();
    push(5, PIECE_BYTES + 8);
    push(4, 64);
    push(6, 64);
    push(7, grey_typed_bytes(3, 0));
    push(8, 64);
    ck_assert_uint_eq(far_take(&f, &l, taken, BATCH), 2);
    ck_assert_uint_eq(taken[1].address, address_of(5));
    struct grey rest = {address_of(5) + 8, 8};
    ck_assert(grey_queue_push(&l, &rest, 1));
    ck_assert_uint_eq(far_take(&f, &l, taken, BATCH), 4);
    ck_assert_uint_eq(taken[0].address, rest.address);
    ck_assert_uint_eq(taken[1].address, address_of(6));
    ck_assert_uint_eq(taken[3].address, address_of(8));
}
END_TEST

TCase *far_tests(void)
{
    TCase *t = tcase_create("far");
    tcase_add_test(t, in_order);
    tcase_add_test(t, pieces);
    return t;
}
