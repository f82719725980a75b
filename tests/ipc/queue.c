/* Queues. */
#include "ipc.h"

#include <sched.h>

/* More than two segments. */
enum { MANY = 500 };

START_TEST(test_order_and_room)
{
    begin();
    gc_queue *q = gc_queue_new(region, 3);
    ck_assert_ptr_nonnull(q);
    uint64_t next = 0, first = 0;
    for (int round = 0; round < MANY; round++) {
        while (gc_queue_count(region, q) < 3)
            ck_assert_int_eq(gc_queue_put(region, q, number_new(next++), 0), 0);
        errno = 0;
        ck_assert_int_eq(gc_queue_put(region, q, q, 0), -1);
        ck_assert_int_eq(errno, EAGAIN);
        for (int i = 0; i <= round % 3; i++)
            ck_assert_uint_eq(number_of(gc_queue_get(region, q, 0)), first++);
    }
    while (first < next)
        ck_assert_uint_eq(number_of(gc_queue_get(region, q, 0)), first++);
    ck_assert_ptr_null(gc_queue_get(region, q, 0));
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_uint_eq(gc_queue_count(region, q), 0);
    end();
}
END_TEST

START_TEST(test_what_it_keeps)
{
    struct gc_region_stats stats;
    begin();
    gc_queue *q = gc_queue_new(region, MANY);
    ck_assert_int_eq(gc_region_root_set(region, "queue", q), 0);
    for (uint64_t i = 0; i < MANY; i++)
        ck_assert_int_eq(gc_queue_put(region, q, number_new(i), 0), 0);
    end();
    ck_assert_int_eq(gc_region_collect(region), 0);
    ck_assert_int_eq(gc_region_stats(region, &stats), 0);
    ck_assert_uint_ge(stats.live_objects, MANY + 1);
    begin();
    for (uint64_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(
            number_of(gc_queue_get(region, gc_region_root_get(region, "queue"), 0)), i);
    end();
    ck_assert_int_eq(gc_region_collect(region), 0);
    ck_assert_int_eq(gc_region_stats(region, &stats), 0);
    ck_assert_uint_le(stats.live_objects, 4); /* the queue, its segment */
}
END_TEST

START_TEST(test_what_is_refused)
{
    begin();
    gc_queue *q = gc_queue_new(region, 1);
    uint64_t *n = number_new(1);
    ck_assert_ptr_null(gc_queue_new(region, 0));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_queue_put(region, q, NULL, 0), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_queue_put(region, q, n + 1, 0), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_queue_put(region, (gc_queue *)(void *)n, n, 0), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(gc_queue_get(region, NULL, 0));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(gc_queue_get(region, q, 1));
    ck_assert_int_eq(errno, ETIMEDOUT);
    begin();
    ck_assert_ptr_null(gc_queue_get(region, q, 1));
    ck_assert_int_eq(errno, EDEADLK);
    ck_assert_ptr_null(gc_queue_get(region, q, 0));
    ck_assert_int_eq(errno, EAGAIN);
    end();
    end();
    ck_assert_ptr_null(gc_queue_get(region, q, 0));
    ck_assert_int_eq(errno, EPERM);
}
END_TEST

static int echo(void *data)
{
    gc_queue *const *queues = data;
    for (uint64_t i = 0; i < MANY; i++) {
        begin();
        uint64_t n = number_of(gc_queue_get(region, queues[0], -1));
        REQUIRE(n == i);
        REQUIRE(gc_queue_put(region, queues[1], number_new(n + 1), -1) == 0);
        end();
    }
    return 0;
}

/* Both sleep for each other, in turn; meanwhile there are collections. */
START_TEST(test_there_and_back)
{
    gc_queue *queues[2];
    begin();
    for (int i = 0; i < 2; i++) {
        queues[i] = gc_queue_new(region, 1);
        ck_assert_int_eq(gc_region_root_set(region, i ? "back" : "there", queues[i]), 0);
    }
    end();
    pid_t process = spawn(echo, queues);
    for (uint64_t i = 0; i < MANY; i++) {
        begin();
        ck_assert_int_eq(gc_queue_put(region, queues[0], number_new(i), -1), 0);
        ck_assert_uint_eq(number_of(gc_queue_get(region, queues[1], -1)), i + 1);
        end();
        if (i % 50 == 0)
            ck_assert_int_eq(gc_region_collect(region), 0);
    }
    REQUIRE_ENDS(process);
}
END_TEST

static int get_late(void *data)
{
    begin();
    void *object = gc_queue_get(region, data, -1);
    REQUIRE(number_of(object) == 77);
    end();
    return 0;
}

/* Nothing but the hold of who sleeps keeps the queue. */
START_TEST(test_sleeper_holds_no_collection_up)
{
    struct gc_region_stats stats;
    begin();
    gc_queue *q = gc_queue_new(region, 1);
    ck_assert_int_eq(gc_region_hold(region, q), 0);
    end();
    pid_t process = spawn(get_late, q);
    do {
        sched_yield();
        ck_assert_int_eq(gc_region_stats(region, &stats), 0);
    } while (stats.holds < 2);
    begin();
    ck_assert_int_eq(gc_region_release(region, q), 0);
    end();
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(gc_region_collect(region), 0);
    begin();
    ck_assert_int_eq(gc_queue_put(region, q, number_new(77), 0), 0);
    end();
    REQUIRE_ENDS(process);
    ck_assert_int_eq(gc_region_collect(region), 0);
    ck_assert_int_eq(gc_region_stats(region, &stats), 0);
    ck_assert_uint_eq(stats.holds, 0);
}
END_TEST

TCase *queue_case(void)
{
    TCase *tc = case_with_region("queue");
    tcase_add_test(tc, test_order_and_room);
    tcase_add_test(tc, test_what_it_keeps);
    tcase_add_test(tc, test_what_is_refused);
    tcase_add_test(tc, test_there_and_back);
    tcase_add_test(tc, test_sleeper_holds_no_collection_up);
    return tc;
}
