/* Events. */
#include "ipc.h"

START_TEST(test_states)
{
    begin();
    gc_event *stays = gc_event_new(region, 0),
             *goes = gc_event_new(region, GC_EVENT_AUTO);
    ck_assert_ptr_null(gc_event_new(region, 2));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_event_wait(region, stays, 0), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(gc_event_wait(region, goes, 1), -1);
    ck_assert_int_eq(errno, ETIMEDOUT);
    ck_assert_int_eq(gc_event_set(region, stays), 0);
    ck_assert_int_eq(gc_event_set(region, goes), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(gc_event_wait(region, stays, -1), 0);
    ck_assert_int_eq(gc_event_wait(region, goes, -1), 0);
    ck_assert_int_eq(gc_event_wait(region, goes, 0), -1);
    ck_assert_int_eq(gc_event_clear(region, stays), 0);
    ck_assert_int_eq(gc_event_wait(region, stays, 0), -1);
    ck_assert_int_eq(gc_event_set(region, NULL), -1);
    ck_assert_int_eq(errno, EINVAL);
    end();
}
END_TEST

static int wait_for_it(void *data)
{
    begin();
    REQUIRE(gc_event_wait(region, data, -1) == 0);
    end();
    return 0;
}

static gc_event *rooted(unsigned flags)
{
    begin();
    gc_event *e = gc_event_new(region, flags);
    ck_assert_int_eq(gc_region_root_set(region, "event", e), 0);
    end();
    return e;
}

static void set(gc_event *e)
{
    begin();
    ck_assert_int_eq(gc_event_set(region, e), 0);
    end();
}

START_TEST(test_all_are_woken)
{
    gc_event *e = rooted(0);
    pid_t waiting[8];
    for (int i = 0; i < 8; i++)
        waiting[i] = spawn(wait_for_it, e);
    pause_for(30000);
    set(e);
    for (int i = 0; i < 8; i++)
        REQUIRE_ENDS(waiting[i]);
}
END_TEST

/* As many as it was set for, whether they sleep already or not. */
START_TEST(test_one_is_woken)
{
    gc_event *e = rooted(GC_EVENT_AUTO);
    pid_t waiting[8];
    for (int i = 0; i < 8; i++)
        waiting[i] = spawn(wait_for_it, e);
    for (int i = 0; i < 8; i++) {
        set(e);
        begin();
        while (gc_event_wait(region, e, 0) ==
               0) { /* it was not taken yet: it is not for us */
            ck_assert_int_eq(gc_event_set(region, e), 0);
            end();
            pause_for(1000);
            begin();
        }
        end();
    }
    for (int i = 0; i < 8; i++)
        REQUIRE_ENDS(waiting[i]);
}
END_TEST

TCase *event_case(void)
{
    TCase *tc = case_with_region("event");
    tcase_add_test(tc, test_states);
    tcase_add_test(tc, test_all_are_woken);
    tcase_add_test(tc, test_one_is_woken);
    return tc;
}
