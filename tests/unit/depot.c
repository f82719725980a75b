/* The depot of call stacks. */
#include "trace/depot.h"

#include "base/os.h"
#include "support.h"

static uint32_t put(uintptr_t first, size_t count)
{
    uintptr_t frames[64];
    for (size_t i = 0; i < count; i++)
        frames[i] = first + i * 16;
    return depot_put(frames, count);
}

static void ensure_holds(uint32_t stack, uintptr_t first, size_t count)
{
    const uintptr_t *frames;
    ENSURE(depot_get(stack, &frames) == count);
    for (size_t i = 0; i < count; i++)
        ENSURE(frames[i] == first + i * 16);
}

START_TEST(equal_stacks_have_one_number)
{
    ck_assert_uint_eq(depot_count(), 0);
    ck_assert_uint_eq(depot_check(), 0);
    uint32_t a = put(0x1000, 3), b = put(0x1000, 4), c = put(0x1010, 3);
    ck_assert_uint_ne(a, 0);
    ck_assert(a != b && b != c && a != c);
    ck_assert_uint_eq(put(0x1000, 3), a);
    ck_assert_uint_eq(put(0x1000, 4), b);
    ck_assert_uint_eq(put(0x1010, 3), c);
    ensure_holds(a, 0x1000, 3);
    ensure_holds(b, 0x1000, 4);
    ensure_holds(c, 0x1010, 3);
    ck_assert_uint_eq(depot_count(), 3);
    ck_assert_uint_eq(depot_check(), 3);
}
END_TEST

START_TEST(empty_stacks_have_none)
{
    const uintptr_t *frames;
    ck_assert_uint_eq(depot_put(NULL, 0), 0);
    ck_assert_uint_eq(depot_get(0, &frames), 0);
    ck_assert_uint_eq(depot_count(), 0);
}
END_TEST

enum { MANY = 200000 };

static size_t length_of(uint32_t i)
{
    return i % 20 + 1;
}

START_TEST(grows)
{
    uint32_t *numbers = zeroed(MANY, sizeof *numbers);
    for (uint32_t i = 0; i < MANY; i++) {
        numbers[i] = put(i * 4096, length_of(i));
        ENSURE(numbers[i] != 0 && (i == 0 || numbers[i] > numbers[i - 1]));
    }
    ck_assert_uint_eq(depot_check(), MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        ensure_holds(numbers[i], i * 4096, length_of(i));
        ENSURE(put(i * 4096, length_of(i)) == numbers[i]);
    }
    ck_assert_uint_eq(depot_count(), MANY);
}
END_TEST

/* Whatever is refused, a stack is stored whole or not at all, and later ones fit again. */
START_TEST(memory_is_refused)
{
    uint32_t stored = 0, refused = 0;
    os_fail(1, true);
    ck_assert_uint_eq(put(0x1000, 3), 0);
    os_fail(0, false);
    for (uint32_t i = 0; i < 40000; i++) {
        os_fail(i % 2 + 1, false);
        uint32_t number = put(i * 4096, length_of(i));
        os_fail(0, false);
        if (!number) {
            refused++;
            number = put(i * 4096, length_of(i));
        }
        ENSURE(number != 0);
        ensure_holds(number, i * 4096, length_of(i));
        stored++;
    }
    ck_assert_uint_gt(refused, 1);
    ck_assert_uint_eq(depot_count(), stored);
    ck_assert_uint_eq(depot_check(), stored);
}
END_TEST

TCase *depot_tests(void)
{
    TCase *t = tcase_create("depot");
    tcase_add_test(t, equal_stacks_have_one_number);
    tcase_add_test(t, empty_stacks_have_none);
    tcase_add_test(t, grows);
    tcase_add_test(t, memory_is_refused);
    return t;
}
