/* Records of threads, without any thread: numbers that the system gives out again, and who joins
 * whom. */
#include "world/registry.h"

#include "support.h"
#include "world/lock.h"

enum { RECORDS = 1000, NOBODY = 12345 };

/* A number in place of a pthread_t, which is one in the C libraries that there are. */
static pthread_t name(size_t i)
{
    return (pthread_t)(0x7000000000 + 4096 * i);
}

static struct mutator *add_named(size_t i)
{
    struct mutator *m = registry_add(false, true, NULL);
    ck_assert_ptr_nonnull(m);
    registry_name(m, name(i));
    return m;
}

static struct mutator *add_living(pid_t tid)
{
    struct mutator *m = registry_add(false, false, NULL);
    ck_assert_ptr_nonnull(m);
    life_change(&m->life, LIFE_LIVING);
    m->tid = tid;
    registry_number(m);
    return m;
}

static size_t count(void)
{
    size_t n = 0;
    for (MUTATORS(m))
        n += m->serial != 0;
    return n;
}

START_TEST(records_are_found_by_name)
{
    struct mutator *all[RECORDS];
    for (size_t i = 0; i < RECORDS; i++)
        all[i] = add_named(i);
    ck_assert_uint_eq(count(), RECORDS);
    ck_assert_ptr_null(registry_claim(name(RECORDS)));
    for (size_t i = 0; i < RECORDS; i++) {
        ck_assert_ptr_eq(registry_claim(name(i)), all[i]);
        ck_assert_ptr_null(registry_claim(name(i)));
        registry_unclaim(all[i], name(i));
        ck_assert_ptr_eq(registry_claim(name(i)), all[i]);
        registry_end(all[i]);
        registry_joined(all[i]);
    }
    ck_assert_uint_eq(count(), 0);
    ck_assert(registry_is_empty());
}
END_TEST

START_TEST(a_record_stays_until_it_is_joined_or_detached)
{
    struct mutator *joined = add_named(1), *detached = add_named(2),
                   *living = add_named(3);
    registry_end(joined);
    registry_end(detached);
    ck_assert_uint_eq(count(), 3);
    registry_joined(registry_claim(name(1)));
    registry_detached(registry_claim(name(2)));
    registry_detached(registry_claim(name(3)));
    ck_assert_uint_eq(count(), 1);
    ck_assert_ptr_eq(registry_first(), living);
    ck_assert(!registry_is_empty());
    registry_end(living);
    ck_assert_uint_eq(count(), 0);
    ck_assert(registry_is_empty());
}
END_TEST

/* The thread that had the name has ended where nobody saw it. */
START_TEST(a_name_given_again_ends_the_first_record)
{
    uint32_t lost = registry_lost_count();
    struct mutator *first = add_named(1);
    life_change(&first->life, LIFE_LIVING);
    struct mutator *second = add_named(1);
    ck_assert_ptr_ne(first, second);
    ck_assert_uint_eq(registry_lost_count(), lost + 1);
    ck_assert_uint_eq(count(), 1);
    ck_assert_ptr_eq(registry_claim(name(1)), second);
    struct mutator *third = add_named(1);
    life_change(&second->life, LIFE_LIVING);
    registry_unclaim(second, name(1)); /* somebody else has joined it meanwhile */
    ck_assert_uint_eq(registry_lost_count(), lost + 2);
    ck_assert_ptr_eq(registry_claim(name(1)), third);
    registry_discard(third);
    ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(a_number_given_again_ends_the_first_record)
{
    uint32_t lost = registry_lost_count();
    add_living(NOBODY);
    struct mutator *second = add_living(NOBODY);
    ck_assert_uint_eq(registry_lost_count(), lost + 1);
    ck_assert_ptr_eq(registry_first(), second);
    ck_assert_uint_eq(count(), 1);
    registry_end(second);
    ck_assert(registry_is_empty());
}
END_TEST

/* The registry may be empty of the program's threads while one of the library's has a record. */
START_TEST(own_threads_do_not_count)
{
    struct mutator *own = registry_add(true, false, NULL);
    ck_assert(registry_is_empty());
    struct mutator *m = registry_add(false, false, NULL);
    ck_assert(!registry_is_empty());
    registry_discard(m);
    ck_assert(registry_is_empty());
    registry_end(own);
    ck_assert(registry_is_empty());
    ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(the_program_finds_the_name_once)
{
    pthread_t place = name(0);
    struct mutator *m = registry_add(false, false, &place);
    registry_name(m, name(1));
    ck_assert(pthread_equal(place, name(1)));
    place = name(2);
    registry_name(m, name(1));
    ck_assert(pthread_equal(place, name(2)));
    registry_discard(m);
}
END_TEST

static void lock(void)
{
    world_lock();
}

TCase *registry_tests(void)
{
    TCase *t = tcase_create("registry");
    tcase_add_checked_fixture(t, lock, world_unlock);
    tcase_add_test(t, records_are_found_by_name);
    tcase_add_test(t, a_record_stays_until_it_is_joined_or_detached);
    tcase_add_test(t, a_name_given_again_ends_the_first_record);
    tcase_add_test(t, a_number_given_again_ends_the_first_record);
    tcase_add_test(t, own_threads_do_not_count);
    tcase_add_test(t, the_program_finds_the_name_once);
    return t;
}
