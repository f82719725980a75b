/* The marker's grey queue. */
#include "collect/grey_queue.h"

#include "base/os.h"
#include "support.h"

static struct grey_queue l;

static bool push(uintptr_t n)
{
    struct grey w = {n, 2 * n};
    return grey_queue_push(&l, &w, 1);
}

static void pop_and_check(uintptr_t expected)
{
    struct grey w = l.items[--l.end];
    ENSURE(w.address == expected && w.bytes == 2 * expected);
}

START_TEST(last_in_first_out)
{
    enum { ITEMS = 300000 };
    ck_assert(grey_queue_create(&l, ITEMS));
    for (int round = 0; round < 3; round++) {
        for (uintptr_t i = 0; i < ITEMS; i++)
            ENSURE(push(i));
        ck_assert_uint_eq(l.end, ITEMS);
        for (uintptr_t i = ITEMS; i-- > 0;)
            pop_and_check(i);
        grey_queue_trim(&l);
    }
}
END_TEST

/* All of a batch goes in, in order, or nothing does. */
START_TEST(batches)
{
    enum { BATCH = 100 };
    struct grey batch[BATCH];
    uintptr_t pushed = 0;
    ck_assert(grey_queue_create(&l, 10050));
    do {
        for (uintptr_t i = 0; i < BATCH; i++)
            batch[i] = (struct grey){pushed + i, 2 * (pushed + i)};
        pushed += BATCH;
    } while (grey_queue_push(&l, batch, BATCH));
    pushed -= BATCH;
    ck_assert_uint_eq(l.end, pushed);
    ck_assert_uint_lt(l.capacity - pushed, BATCH);
    for (uintptr_t i = pushed; i-- > 0;)
        pop_and_check(i);
    ck_assert(grey_queue_push(&l, batch, 0));
    ck_assert_uint_eq(l.end, 0);
}
END_TEST

/* The oldest go, in order; what is left is as before. */
START_TEST(give)
{
    static struct grey_queue to;
    ck_assert(grey_queue_create(&l, 10000) && grey_queue_create(&to, 100));
    for (uintptr_t i = 0; i < 50; i++)
        ENSURE(push(i));
    ck_assert(grey_queue_give(&l, &to, 20));
    ck_assert_uint_eq(grey_queue_size(&l), 30);
    ck_assert_uint_eq(grey_queue_size(&to), 20);
    for (uintptr_t i = 0; i < 20; i++)
        ENSURE(to.items[i].address == i);
    pop_and_check(49);
    to.ready = to.capacity = 30;
    ck_assert(!grey_queue_give(&l, &to, 20));
    ck_assert_uint_eq(grey_queue_size(&l), 29);
    ck_assert(grey_queue_give(&l, &to, 10));
    for (uintptr_t i = 49; i-- > 30;)
        pop_and_check(i);
    ck_assert_uint_eq(grey_queue_size(&l), 0);
    ck_assert(push(7) && l.first == 0 && l.end == 1);
}
END_TEST

START_TEST(full_list_refuses)
{
    ck_assert(grey_queue_create(&l, 10000));
    ck_assert_uint_ge(l.capacity, 10000);
    for (uintptr_t i = 0; i < l.capacity; i++)
        ENSURE(push(i));
    ck_assert(!push(1));
    ck_assert_uint_eq(l.end, l.capacity);
    for (uintptr_t i = l.capacity; i-- > 0;)
        pop_and_check(i);
}
END_TEST

START_TEST(no_memory_to_grow)
{
    ck_assert(grey_queue_create(&l, 1000000));
    uintptr_t pushed = 0;
    os_fail(1, true);
    while (push(pushed))
        pushed++;
    os_fail(0, false);
    ck_assert_uint_eq(pushed, l.ready);
    ck_assert(push(pushed));
    for (uintptr_t i = pushed + 1; i-- > 0;)
        pop_and_check(i);
}
END_TEST

START_TEST(trim_gives_memory_back)
{
    ck_assert(grey_queue_create(&l, 100000));
    for (uintptr_t i = 1; i <= 100000; i++)
        ENSURE(push(i));
    l.end = 0;
    grey_queue_trim(&l);
    ck_assert_uint_eq(l.items[99999].address, 0);
    ck_assert_uint_eq(l.items[0].address, 1);
}
END_TEST

/* One refused call has the reservation halved. */
START_TEST(create_survives_one_refusal)
{
    os_fail(1, false);
    ck_assert(grey_queue_create(&l, 1 << 20));
    ck_assert_uint_eq(l.capacity, 1 << 19);
    ck_assert(push(1));
}
END_TEST

static bool try_create(void *argument)
{
    (void)argument;
    size_t space = address_space();
    bool done = grey_queue_create(&l, 1 << 20);
    int error = errno;
    if (done)
        os_release(l.items, l.capacity * sizeof(struct grey));
    ck_assert_uint_eq(address_space(), space);
    errno = error;
    return done;
}

START_TEST(create_fails_cleanly)
{
    ck_assert_uint_ge(refuse_each_call(try_create, NULL, _i), 3);
}
END_TEST

TCase *grey_queue_tests(void)
{
    TCase *t = tcase_create("grey_queue");
    tcase_add_test(t, last_in_first_out);
    tcase_add_test(t, batches);
    tcase_add_test(t, give);
    tcase_add_test(t, full_list_refuses);
    tcase_add_test(t, no_memory_to_grow);
    tcase_add_test(t, trim_gives_memory_back);
    tcase_add_test(t, create_survives_one_refusal);
    tcase_add_loop_test(t, create_fails_cleanly, 0, 2);
    return t;
}
