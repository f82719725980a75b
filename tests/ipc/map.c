/* Maps. */
#include "ipc.h"

#include <stdio.h>
#include <string.h>

enum { KEYS = 5000 };

static size_t key(char text[32], int i)
{
    return (size_t)snprintf(text, 32, "%d-the-key-%d", i % 7, i);
}

static void put(gc_map *m, int i, uint64_t number)
{
    char text[32];
    size_t length = key(text, i);
    ck_assert_int_eq(gc_map_put(region, m, text, length, number_new(number)), 0);
}

static void *get(gc_map *m, int i)
{
    char text[32];
    size_t length = key(text, i);
    return gc_map_get(region, m, text, length);
}

static int removed(gc_map *m, int i)
{
    char text[32];
    size_t length = key(text, i);
    return gc_map_remove(region, m, text, length);
}

static gc_map *rooted(void)
{
    gc_map *m = gc_map_new(region);
    ck_assert_ptr_nonnull(m);
    ck_assert_int_eq(gc_region_root_set(region, "map", m), 0);
    return m;
}

static int count(const void *bytes, size_t length, void *object, void *data)
{
    uint64_t *sum = data;
    ck_assert_uint_eq(strlen(bytes), length);
    *sum += number_of(object);
    return 0;
}

START_TEST(test_many_keys)
{
    uint64_t sum = 0, expected = 0;
    begin();
    gc_map *m = rooted();
    for (int i = 0; i < KEYS; i++)
        put(m, i, (uint64_t)i);
    for (int i = 0; i < KEYS; i += 3)
        ck_assert_int_eq(removed(m, i), 0);
    for (int i = 1; i < KEYS; i += 3)
        put(m, i, (uint64_t)i * 2);
    end();
    ck_assert_int_eq(gc_region_collect(region), 0);
    begin();
    for (int i = 0; i < KEYS; i++) {
        errno = 0;
        void *object = get(m, i);
        if (i % 3 == 0)
            ck_assert(!object && errno == ENOENT && removed(m, i) == -1);
        else
            ck_assert_uint_eq(number_of(object), (uint64_t)i * (i % 3 == 1 ? 2 : 1));
        expected += i % 3 == 0 ? 0 : number_of(object);
    }
    ck_assert_uint_eq(gc_map_count(region, m), KEYS - (KEYS + 2) / 3);
    ck_assert_int_eq(gc_map_list(region, m, count, &sum), 0);
    ck_assert_uint_eq(sum, expected);
    end();
}
END_TEST

/* Keys that come and go leave no memory taken. */
START_TEST(test_coming_and_going)
{
    struct gc_region_stats stats;
    begin();
    gc_map *m = rooted();
    for (int i = 0; i < 10 * KEYS; i++) {
        put(m, i, 1);
        ck_assert_int_eq(removed(m, i), 0);
    }
    ck_assert_uint_eq(gc_map_count(region, m), 0);
    end();
    ck_assert_int_eq(gc_region_collect(region), 0);
    ck_assert_int_eq(gc_region_stats(region, &stats), 0);
    ck_assert_uint_le(stats.live_objects, 40);
}
END_TEST

START_TEST(test_any_bytes)
{
    begin();
    gc_map *m = rooted();
    char bytes[64] = {0};
    for (size_t length = 0; length <= sizeof bytes; length++)
        ck_assert_int_eq(gc_map_put(region, m, bytes, length, number_new(length)), 0);
    for (size_t length = 0; length <= sizeof bytes; length++)
        ck_assert_uint_eq(number_of(gc_map_get(region, m, bytes, length)), length);
    end();
}
END_TEST

START_TEST(test_swap)
{
    begin();
    gc_map *m = rooted();
    void *one = number_new(1), *two = number_new(2), *expected = two;
    ck_assert_int_eq(gc_map_swap(region, m, "k", 1, &expected, one), 0);
    ck_assert_ptr_null(expected);
    ck_assert_int_eq(gc_map_swap(region, m, "k", 1, &expected, one), 1);
    ck_assert_int_eq(gc_map_swap(region, m, "k", 1, &expected, two), 0);
    ck_assert_ptr_eq(expected, one);
    ck_assert_int_eq(gc_map_swap(region, m, "k", 1, &expected, two), 1);
    ck_assert_ptr_eq(gc_map_get(region, m, "k", 1), two);
    expected = two;
    ck_assert_int_eq(gc_map_swap(region, m, "k", 1, &expected, NULL), 1);
    ck_assert_ptr_null(gc_map_get(region, m, "k", 1));
    ck_assert_int_eq(gc_map_put(region, m, "k", 1, NULL), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_map_put(region, m, "k", 1, (char *)one + 1), -1);
    ck_assert_int_eq(errno, EINVAL);
    end();
    ck_assert_ptr_null(gc_map_get(region, m, "k", 1));
    ck_assert_int_eq(errno, EPERM);
}
END_TEST

static int add_many(void *data)
{
    for (uint64_t i = 0; i < KEYS; i++) {
        begin();
        void *before = gc_map_get(region, data, "sum", 3);
        while (gc_map_swap(region, data, "sum", 3, &before,
                           number_new((before ? number_of(before) : 0) + 1)) != 1)
            continue;
        end();
    }
    return 0;
}

START_TEST(test_several_processes)
{
    begin();
    gc_map *m = rooted();
    end();
    pid_t processes[4];
    for (int i = 0; i < 4; i++)
        processes[i] = spawn(add_many, m);
    for (int i = 0; i < 4; i++)
        REQUIRE_ENDS(processes[i]);
    begin();
    ck_assert_uint_eq(number_of(gc_map_get(region, m, "sum", 3)), 4 * KEYS);
    end();
}
END_TEST

/* Without room a map is as it was. */
START_TEST(test_no_room)
{
    int i = 0;
    begin();
    gc_map *m = rooted();
    void *object = number_new(0);
    for (;; i++) {
        char bytes[4096] = {0};
        memcpy(bytes, &i, sizeof i);
        if (gc_map_put(region, m, bytes, sizeof bytes, object) != 0)
            break;
    }
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(gc_map_count(region, m), (unsigned)i);
    end();
}
END_TEST

TCase *map_case(void)
{
    TCase *tc = case_with_region("map");
    tcase_add_test(tc, test_many_keys);
    tcase_add_test(tc, test_coming_and_going);
    tcase_add_test(tc, test_any_bytes);
    tcase_add_test(tc, test_swap);
    tcase_add_test(tc, test_several_processes);
    tcase_add_test(tc, test_no_room);
    return tc;
}
