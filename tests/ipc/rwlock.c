/* Reader-writer locks. */
#include "ipc.h"

#include <pthread.h>

static gc_rwlock *rooted(void)
{
    begin();
    gc_rwlock *l = gc_rwlock_new(region);
    ck_assert_int_eq(gc_region_root_set(region, "lock", l), 0);
    end();
    return l;
}

/* What another thread gets: 0, 1, or minus errno. */
struct attempt {
    gc_rwlock *lock;
    bool write;
    int result;
};

static void *attempt(void *data)
{
    struct attempt *a = data;
    begin();
    a->result = a->write ? gc_rwlock_write(region, a->lock, 0)
                         : gc_rwlock_read(region, a->lock, 0);
    if (a->result < 0)
        a->result = -errno;
    else
        REQUIRE(gc_rwlock_unlock(region, a->lock) == 0);
    end();
    return NULL;
}

static int others(gc_rwlock *l, bool write)
{
    pthread_t thread;
    struct attempt a = {l, write, 0};
    ck_assert_int_eq(pthread_create(&thread, NULL, attempt, &a), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return a.result;
}

START_TEST(test_who_gets_it)
{
    gc_rwlock *l = rooted();
    begin();
    ck_assert_int_eq(gc_rwlock_unlock(region, l), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(gc_rwlock_read(region, l, -1), 0);
    ck_assert_int_eq(others(l, false), 0);
    ck_assert_int_eq(others(l, true), -EAGAIN);
    ck_assert_int_eq(gc_rwlock_read(region, l, 0), -1);
    ck_assert_int_eq(errno, EDEADLK);
    ck_assert_int_eq(gc_rwlock_write(region, l, 0), -1);
    ck_assert_int_eq(errno, EDEADLK);
    ck_assert_int_eq(others(l, false), 0); /* who failed to write is in nobody's way */
    ck_assert_int_eq(gc_rwlock_unlock(region, l), 0);
    ck_assert_int_eq(gc_rwlock_write(region, l, -1), 0);
    ck_assert_int_eq(others(l, false), -EAGAIN);
    ck_assert_int_eq(others(l, true), -EAGAIN);
    ck_assert_int_eq(gc_rwlock_write(region, l, 0), -1);
    ck_assert_int_eq(errno, EDEADLK);
    ck_assert_int_eq(gc_rwlock_unlock(region, l), 0);
    ck_assert_int_eq(others(l, true), 0);
    end();
}
END_TEST

static int die_with_it(void *data)
{
    struct attempt *a = data;
    begin();
    if (a->write)
        REQUIRE(gc_rwlock_write(region, a->lock, -1) >= 0);
    else
        REQUIRE(gc_rwlock_read(region, a->lock, -1) >= 0);
    return 0;
}

static void *be_there(void *data)
{
    begin();
    end();
    return data;
}

/* A thread that is new, in the slot that is free. */
static void begin_elsewhere(void)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, be_there, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* The dead one's slot is given to somebody else first, or not. */
static void let_die(gc_rwlock *l, bool write, bool bury)
{
    struct attempt a = {l, write, 0};
    REQUIRE_ENDS(spawn(die_with_it, &a));
    if (bury) {
        ck_assert_int_eq(gc_region_collect(region), 0);
        begin_elsewhere();
    }
}

START_TEST(test_dead_reader)
{
    gc_rwlock *l = rooted();
    let_die(l, false, _i);
    begin();
    ck_assert_int_eq(gc_rwlock_read(region, l, -1), 0);
    ck_assert_int_eq(gc_rwlock_unlock(region, l), 0);
    ck_assert_int_eq(gc_rwlock_write(region, l, -1), 0);
    ck_assert_int_eq(gc_rwlock_unlock(region, l), 0);
    end();
}
END_TEST

/* All are told until one that could repair it has unlocked it. */
START_TEST(test_dead_writer)
{
    gc_rwlock *l = rooted();
    let_die(l, true, _i);
    begin();
    ck_assert_int_eq(gc_rwlock_read(region, l, -1), 1);
    ck_assert_int_eq(gc_rwlock_unlock(region, l), 0);
    ck_assert_int_eq(others(l, false), 1);
    end();
    let_die(l, true, _i);
    begin();
    ck_assert_int_eq(gc_rwlock_write(region, l, -1), 1);
    ck_assert_int_eq(gc_rwlock_unlock(region, l), 0);
    ck_assert_int_eq(gc_rwlock_read(region, l, -1), 0);
    ck_assert_int_eq(gc_rwlock_unlock(region, l), 0);
    end();
}
END_TEST

/* Who does not wait finds the dead, too. */
START_TEST(test_dead_and_no_wait)
{
    gc_rwlock *l = rooted();
    begin();
    let_die(l, true, _i);
    ck_assert_int_eq(others(l, true), 1);
    let_die(l, true, _i);
    ck_assert_int_eq(others(l, false), 1);
    ck_assert_int_eq(others(l, true), 1);
    let_die(l, false, _i);
    ck_assert_int_eq(others(l, true), 0);
    end();
}
END_TEST

static void *end_with_it(void *data)
{
    begin();
    REQUIRE(gc_rwlock_write(region, data, 0) == 0);
    end();
    return NULL;
}

START_TEST(test_thread_ends_with_it)
{
    pthread_t thread;
    gc_rwlock *l = rooted();
    ck_assert_int_eq(pthread_create(&thread, NULL, end_with_it, l), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    begin();
    ck_assert_int_eq(gc_rwlock_read(region, l, 1000000), 1);
    end();
}
END_TEST

static int write_in_vain(void *data)
{
    struct attempt a = {data, false, 0};
    begin();
    REQUIRE(gc_rwlock_write(region, data, 20) == -1 && errno == ETIMEDOUT);
    end();
    attempt(&a);
    REQUIRE(a.result == 0);
    return 0;
}

/* A writer that gives up lets readers in again. */
START_TEST(test_time_passes)
{
    gc_rwlock *l = rooted();
    begin();
    ck_assert_int_eq(gc_rwlock_read(region, l, 0), 0);
    end();
    REQUIRE_ENDS(spawn(write_in_vain, l));
    begin();
    ck_assert_int_eq(gc_rwlock_unlock(region, l), 0);
    end();
}
END_TEST

enum { ROUNDS = 3000 };

static uint64_t *pair;

static int write_both(void *data)
{
    for (int i = 0; i < ROUNDS; i++) {
        begin();
        REQUIRE(gc_rwlock_write(region, data, -1) == 0);
        pair[0]++;
        REQUIRE(pair[0] == ++pair[1]);
        REQUIRE(gc_rwlock_unlock(region, data) == 0);
        end();
    }
    return 0;
}

static int read_both(void *data)
{
    for (int i = 0; i < ROUNDS; i++) {
        begin();
        REQUIRE(gc_rwlock_read(region, data, -1) == 0);
        REQUIRE(__atomic_load_n(&pair[0], __ATOMIC_RELAXED) ==
                __atomic_load_n(&pair[1], __ATOMIC_RELAXED));
        REQUIRE(gc_rwlock_unlock(region, data) == 0);
        end();
    }
    return 0;
}

START_TEST(test_several_processes)
{
    pid_t processes[5];
    gc_rwlock *l = rooted();
    pair = share(2 * sizeof *pair);
    for (int i = 0; i < 5; i++)
        processes[i] = spawn(i < 2 ? write_both : read_both, l);
    for (int i = 0; i < 5; i++)
        REQUIRE_ENDS(processes[i]);
    ck_assert_uint_eq(pair[0], 2 * ROUNDS);
}
END_TEST

TCase *rwlock_case(void)
{
    TCase *tc = case_with_region("rwlock");
    tcase_add_test(tc, test_who_gets_it);
    tcase_add_loop_test(tc, test_dead_reader, 0, 2);
    tcase_add_loop_test(tc, test_dead_writer, 0, 2);
    tcase_add_loop_test(tc, test_dead_and_no_wait, 0, 2);
    tcase_add_test(tc, test_thread_ends_with_it);
    tcase_add_test(tc, test_time_passes);
    tcase_add_test(tc, test_several_processes);
    return tc;
}
