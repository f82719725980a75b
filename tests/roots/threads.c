/* Thread-local storage of the main thread: variables, and values of keys on both levels
 * of the C library's table. */
#include "place.h"

#include <pthread.h>

static __thread void *in_thread_data[VICTIMS] = {(void *)1};
static __thread void *in_thread_bss[VICTIMS];
static __thread struct {
    char byte;
    void *words[VICTIMS];
} in_thread_structure;

START_TEST(thread_local_data)
{
    place_check(place_words(in_thread_data));
}
END_TEST

START_TEST(thread_local_bss)
{
    place_check(place_words(in_thread_bss));
    place_check(place_words(in_thread_structure.words));
}
END_TEST

START_TEST(thread_local_in_a_function)
{
    static __thread void *words[VICTIMS];
    place_check(place_words(words));
}
END_TEST

static pthread_key_t keys[VICTIMS];

static void create_keys(void)
{
    for (size_t i = 0; i < VICTIMS; i++)
        ck_assert_int_eq(pthread_key_create(&keys[i], NULL), 0);
}

static void put_specific(void *where, size_t i, void *p)
{
    (void)where;
    ck_assert_int_eq(pthread_setspecific(keys[i], p), 0);
}

static const struct place specific = {put_specific, NULL};

/* glibc keeps the first 32 in the thread's descriptor, the rest in tables of calloc. */
START_TEST(specific_values)
{
    create_keys();
    ck_assert_uint_lt(keys[0], 32);
    ck_assert_uint_ge(keys[VICTIMS - 1], 32);
    place_check(specific);
}
END_TEST

/* The C library leaves the values where they are; a key that comes to the place hides them. */
START_TEST(specific_values_of_deleted_keys)
{
    create_keys();
    struct victims *v = place_fill(specific);
    collect(COLLECTIONS);
    victims_assert_intact(v);
    for (size_t i = 0; i < VICTIMS; i++)
        ck_assert_int_eq(pthread_key_delete(keys[i]), 0);
    create_keys();
    for (size_t i = 0; i < VICTIMS; i++)
        ck_assert_int_eq(pthread_setspecific(keys[i], NULL), 0);
    victims_assert_gone(v);
}
END_TEST

TCase *threads_case(void)
{
    TCase *tc = tcase_create("threads");
    tcase_add_test(tc, thread_local_data);
    tcase_add_test(tc, thread_local_bss);
    tcase_add_test(tc, thread_local_in_a_function);
    tcase_add_test(tc, specific_values);
    tcase_add_test(tc, specific_values_of_deleted_keys);
    return tc;
}
