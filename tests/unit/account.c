/* The account of the library's memory, beside a list of what it should have. */
#include "base/account.h"

#include "base/meta.h"
#include "base/os.h"
#include "support.h"

enum { STRETCHES = 3000 };

/* Some address space in which nothing is, and what is noted of it: pages from each place on. */
static uintptr_t space;
static uint8_t noted[STRETCHES];

static void *at(uint32_t i)
{
    return (void *)(space + (uintptr_t)i * 4 * OS_PAGE);
}

static size_t noted_count(void)
{
    size_t count = 0;
    for (uint32_t i = 0; i < STRETCHES; i++)
        count += noted[i] != 0;
    return count;
}

static void begin(void)
{
    space = (uintptr_t)os_reserve((size_t)STRETCHES * 4 * OS_PAGE, OS_PAGE);
    ck_assert_uint_ne(space, 0);
}

/* Where nothing is, each stretch holds nothing but what there is no telling of: all of it. */
START_TEST(random_stretches)
{
    size_t others = account_check();
    begin();
    for (int step = 0; step < 40000; step++) {
        uint32_t i = roll(STRETCHES);
        if (noted[i])
            account_remove(at(i));
        else
            account_add(ACCOUNT_ENDS, at(i), (1 + roll(4)) * OS_PAGE);
        noted[i] ^= 1;
        if (step % 5000 == 0)
            ck_assert_uint_eq(account_check(), others + noted_count());
    }
    ck_assert_uint_eq(account_check(), others + noted_count());
    for (uint32_t i = 0; i < STRETCHES; i++)
        if (noted[i])
            account_remove(at(i));
    ck_assert_uint_eq(account_check(), others);
}
END_TEST

START_TEST(unknown_stretches_are_left_alone)
{
    size_t others = account_check();
    begin();
    account_remove(at(5));
    ck_assert_uint_eq(account_check(), others);
}
END_TEST

static size_t sum_of(enum account a, int file)
{
    size_t bytes[ACCOUNT_COUNT] = {0};
    account_sum(file, bytes);
    return bytes[a];
}

/* What is there is told apart from what is not, where the system tells. */
START_TEST(sums)
{
    int file = os_pages_open();
    size_t before = sum_of(ACCOUNT_REGIONS, file);
    size_t bytes = 64 * max_size(OS_PAGE, os_page_bytes());
    char *p = meta_alloc(ACCOUNT_REGIONS, bytes);
    ck_assert_uint_eq(sum_of(ACCOUNT_REGIONS, -1) - before, bytes);
    if (file >= 0) {
        ck_assert_uint_eq(sum_of(ACCOUNT_REGIONS, file), before);
        memset(p, 1, bytes / 4);
        ck_assert_uint_eq(sum_of(ACCOUNT_REGIONS, file) - before, bytes / 4);
    }
    meta_free(p, bytes);
    ck_assert_uint_eq(sum_of(ACCOUNT_REGIONS, file), before);
    os_pages_close(file);
}
END_TEST

/* Without memory for the account itself a stretch is missing there, and nothing else is amiss. */
START_TEST(no_memory)
{
    size_t others = account_check();
    begin();
    for (uint32_t i = 0; i < STRETCHES; i++) {
        os_fail(1, true);
        account_add(ACCOUNT_ENDS, at(i), OS_PAGE);
        os_fail(0, false);
    }
    ck_assert_uint_lt(account_check(), others + STRETCHES);
    for (uint32_t i = 0; i < STRETCHES; i++)
        account_remove(at(i));
    ck_assert_uint_eq(account_check(), others);
}
END_TEST

static void overlap(void)
{
    account_add(ACCOUNT_ENDS, at(1), 8 * OS_PAGE);
    account_add(ACCOUNT_ENDS, at(2), OS_PAGE);
}

static void add_nothing(void)
{
    account_add(ACCOUNT_ENDS, at(1), 0);
}

static void add_to_none(void)
{
    account_add(ACCOUNT_COUNT, at(1), OS_PAGE);
}

static void check(void)
{
    account_check();
}

#define BOUNDS "s->bytes > 0 && s->low_and_account % OS_PAGE < ACCOUNT_COUNT"

START_TEST(damage_is_found)
{
    static const struct damage damages[] = {
        {add_nothing, BOUNDS},
        {add_to_none, BOUNDS},
        {overlap, "account.count > OVERLAPS_MOST || !overlaps_another(s)"},
    };
    expect_caught(&damages[_i], begin, check);
}
END_TEST

TCase *account_tests(void)
{
    TCase *t = tcase_create("account");
    tcase_add_test(t, random_stretches);
    tcase_add_test(t, unknown_stretches_are_left_alone);
    tcase_add_test(t, sums);
    tcase_add_test(t, no_memory);
    tcase_add_loop_test(t, damage_is_found, 0, 3);
    return t;
}
