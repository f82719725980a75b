/* Roots that the program names: ranges and callbacks. */
#include "place.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { BYTES = VICTIMS * sizeof(void *) };

static void **map_words(void)
{
    void *words =
        mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(words, MAP_FAILED);
    return words;
}

/* Filled, kept, and given up by removal rather than by clearing. */
static void check_removal(void **words, void (*remove)(void **words))
{
    struct victims *v = place_fill(place_words(words));
    collect(COLLECTIONS);
    victims_assert_intact(v);
    remove(words);
    victims_assert_gone(v);
    free(v);
}

static void add_all(void **words)
{
    ck_assert_int_eq(gc_root_add(words, words + VICTIMS), 0);
}

static void remove_all(void **words)
{
    ck_assert_int_eq(gc_root_remove(words, words + VICTIMS), 0);
}

static void check_range(void **words)
{
    add_all(words);
    place_check(place_words(words));
    check_removal(words, remove_all);
}

START_TEST(range_in_a_mapping)
{
    check_range(map_words());
}
END_TEST

START_TEST(range_of_malloc)
{
    void **words = calloc(VICTIMS, sizeof *words);
    check_range(words);
    free(words);
}
END_TEST

START_TEST(range_added_twice)
{
    void **words = map_words();
    add_all(words);
    add_all(words);
    remove_all(words);
    check_removal(words, remove_all);
}
END_TEST

/* Two ranges that share the middle third keep the whole; without one of them its own
 * third goes. */
START_TEST(overlapping_ranges)
{
    enum { THIRD = VICTIMS / 3 };
    void **words = map_words();
    ck_assert_int_eq(gc_root_add(words, words + 2 * THIRD), 0);
    ck_assert_int_eq(gc_root_add(words + THIRD, words + VICTIMS), 0);
    struct victims *v = place_fill(place_words(words));
    collect(COLLECTIONS);
    victims_assert_intact(v);
    ck_assert_int_eq(gc_root_remove(words, words + 2 * THIRD), 0);
    collect(1);
    ck_assert_uint_eq(victims_living(v), VICTIMS - THIRD);
    ck_assert_uint_eq(count_living(v->hidden, THIRD), 0);
    ck_assert_int_eq(gc_root_remove(words + THIRD, words + VICTIMS), 0);
    victims_assert_gone(v);
}
END_TEST

/* Only whole words at aligned addresses count. */
START_TEST(range_with_odd_bounds)
{
    void **words = map_words();
    char *low = (char *)words + 1, *high = (char *)(words + VICTIMS) - 1;
    ck_assert_int_eq(gc_root_add(low, high), 0);
    struct victims *v = place_fill(place_words(words));
    collect(COLLECTIONS);
    ck_assert_uint_eq(count_living(v->hidden, 1), 0);
    ck_assert_uint_eq(count_living(v->hidden + 1, VICTIMS - 2), VICTIMS - 2);
    ck_assert_uint_eq(count_living(v->hidden + VICTIMS - 1, 1), 0);
    ck_assert_int_eq(gc_root_remove(low, high), 0);
    victims_assert_gone(v);
}
END_TEST

/* Each word a range of its own, removed in another order than added. */
START_TEST(many_ranges)
{
    void **words = map_words();
    for (size_t i = 0; i < VICTIMS; i++)
        ck_assert_int_eq(gc_root_add(words + i, words + i + 1), 0);
    struct victims *v = place_fill(place_words(words));
    collect(COLLECTIONS);
    victims_assert_intact(v);
    for (size_t i = 0; i < VICTIMS; i++) {
        size_t k = i * 5 % VICTIMS;
        ck_assert_int_eq(gc_root_remove(words + k, words + k + 1), 0);
        collect(1);
        ck_assert_uint_eq(count_living(v->hidden + k, 1), 0);
        ck_assert_uint_eq(victims_living(v), VICTIMS - 1 - i);
    }
}
END_TEST

static size_t calls;

static void mark_words(void *data)
{
    calls++;
    gc_mark_range(data, (void **)data + VICTIMS);
}

static void remove_callback(void **words)
{
    ck_assert_int_eq(gc_root_callback_remove(mark_words, words), 0);
}

START_TEST(callback)
{
    void **words = calloc(VICTIMS, sizeof *words);
    ck_assert_int_eq(gc_root_callback_add(mark_words, words), 0);
    place_check(place_words(words));
    check_removal(words, remove_callback);
    ck_assert_uint_ge(calls, 2 * COLLECTIONS);
    free(words);
}
END_TEST

START_TEST(several_callbacks)
{
    void **first = calloc(VICTIMS, sizeof *first), **second = map_words();
    ck_assert_int_eq(gc_root_callback_add(mark_words, first), 0);
    ck_assert_int_eq(gc_root_callback_add(mark_words, second), 0);
    struct victims *v = place_fill(place_words(first));
    check_removal(second, remove_callback);
    victims_assert_intact(v);
    remove_callback(first);
    victims_assert_gone(v);
    free(first);
}
END_TEST

TCase *named_case(void)
{
    TCase *tc = tcase_create("named");
    tcase_add_test(tc, range_in_a_mapping);
    tcase_add_test(tc, range_of_malloc);
    tcase_add_test(tc, range_added_twice);
    tcase_add_test(tc, overlapping_ranges);
    tcase_add_test(tc, range_with_odd_bounds);
    tcase_add_test(tc, many_ranges);
    tcase_add_test(tc, callback);
    tcase_add_test(tc, several_callbacks);
    return tc;
}
