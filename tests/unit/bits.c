/* Hashed places against what a table of evenly spread words would have. */
#include "base/bits.h"

#include <stdlib.h>

#include "support.h"

/* Words `step` apart, three for four places.  How many are looked at, on average, where words that share a
 * place stand one behind the other. */
static double looks(uint64_t first, uint64_t step, size_t places)
{
    size_t words = places / 4 * 3, looked_at = 0;
    uint32_t *there = calloc(places, sizeof *there);
    ck_assert_ptr_nonnull(there);
    for (size_t i = 0; i < words; i++) {
        size_t place = hash_place(first + i * step, places);
        ENSURE(place < places);
        looked_at += ++there[place];
    }
    free(there);
    return (double)looked_at / (double)words;
}

/* State bytes, objects, blocks, pages and tids follow one another by equal steps.  Among words at random 1.4
 * are looked at; no step is much worse, as bits from the middle of the product are, with 9. */
START_TEST(equal_steps_spread)
{
    static const uint64_t first[] = {0, 1000, 0x10000123450, 0x7f1234567000};
    for (unsigned f = 0; f < sizeof first / sizeof first[0]; f++)
        for (uint64_t step = 1; step <= 64; step++)
            for (size_t places = 64; places <= 1 << 18; places *= 8)
                ENSURE(looks(first[f], step, places) <= 4);
}
END_TEST

START_TEST(two_places_at_least)
{
    for (uint64_t word = 0; word < 1000; word++)
        ck_assert_uint_le(hash_place(word, 2), 1);
    ck_assert_uint_eq(hash_place(0, 2), 0);
    ck_assert_uint_eq(hash_place(1, 2), 1);
}
END_TEST

TCase *bits_tests(void)
{
    TCase *t = tcase_create("bits");
    tcase_add_test(t, equal_steps_spread);
    tcase_add_test(t, two_places_at_least);
    return t;
}
