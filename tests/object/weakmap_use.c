/* Weak maps as programs use them: strings that exist once for all threads, functions of the caller's
 * that use the map themselves, keys outside of the heap, and what is refused. */
#include "object.h"

#include <errno.h>
#include <gcalloc/weakmap.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../roots/place.h"

/* ---- Strings that exist once -------------------------------------------------------------------- */

static uint64_t hash_string(const void *key, void *data)
{
    uint64_t hash = 5381;
    (void)data;
    for (const char *c = key; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    return hash;
}

static int equal_strings(const void *a, const void *b, void *data)
{
    (void)data;
    return strcmp(a, b) == 0;
}

enum { THREADS = 8, STRINGS = 400, ROUNDS = 30 };

static gc_weakmap *strings;
static char *interned[THREADS][STRINGS];
static pthread_barrier_t barrier;

/* All threads intern the same strings, keep some, and forget them again. */
static void *intern_all(void *argument)
{
    size_t self = (size_t)argument;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < STRINGS; i++) {
            char text[32];
            snprintf(text, sizeof text, "symbol %zu", (i * 7 + self) % STRINGS);
            char *one = gc_weakmap_intern(strings, gc_strdup(text));
            ck_assert_ptr_nonnull(one);
            ck_assert_str_eq(one, text);
            interned[self][(i * 7 + self) % STRINGS] = one;
        }
        pthread_barrier_wait(&barrier);
        for (size_t i = 0; i < STRINGS; i++)
            ck_assert_ptr_eq(interned[self][i], interned[0][i]);
        pthread_barrier_wait(&barrier);
        memset(interned[self], 0, sizeof interned[self]);
        if (self == 3)
            gc_collect();
    }
    return NULL;
}

START_TEST(strings_exist_once)
{
    pthread_t threads[THREADS];
    ck_assert_int_eq(gc_option_set("stress", "3"), 0);
    strings = gc_weakmap_new(GC_WEAK_KEYS, hash_string, equal_strings, NULL);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, intern_all, (void *)i), 0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    collect(1);
    ck_assert_uint_eq(gc_weakmap_count(strings), 0);
}
END_TEST

/* ---- Functions that do something --------------------------------------------------------------- */

/* It collects, and changes the map that it is called for. */
static int equal_and_more(const void *a, const void *b, void *data)
{
    static unsigned depth;
    gc_weakmap *map = *(gc_weakmap **)data;
    if (depth++ == 0) {
        uint64_t *other = gc_alloc(16);
        *other = 1000000 + *(const uint64_t *)a;
        ck_assert_int_eq(gc_weakmap_put(map, other, NULL), 0);
        gc_collect();
    }
    depth--;
    return *(const uint64_t *)a == *(const uint64_t *)b;
}

static uint64_t hash_poorly(const void *key, void *data)
{
    (void)data;
    return *(const uint64_t *)key % 3;
}

START_TEST(functions_use_the_map)
{
    static gc_weakmap *map;
    static uint64_t *keys[60];
    map = gc_weakmap_new(GC_WEAK_KEYS, hash_poorly, equal_and_more, &map);
    for (uint64_t i = 0; i < 60; i++) {
        keys[i] = gc_alloc(16);
        *keys[i] = i;
        ck_assert_int_eq(gc_weakmap_put(map, keys[i], keys[i]), 0);
    }
    for (uint64_t i = 0; i < 60; i++) {
        uint64_t number = i;
        void *value = "other";
        ck_assert_ptr_eq(gc_weakmap_get(map, &number), keys[i]);
        ck_assert_int_eq(gc_weakmap_get_or_put(map, keys[i], &value), 1);
        ck_assert_ptr_eq(value, keys[i]);
    }
}
END_TEST

/* ---- Other keys, and errors ---------------------------------------------------------------------- */

START_TEST(outside_of_the_heap)
{
    static int there[300];
    gc_weakmap *map = gc_weakmap_new((unsigned)_i, NULL, NULL, NULL);
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(gc_weakmap_put(map, &there[i], (void *)(uintptr_t)i), 0);
    gc_collect();
    for (int i = 0; i < 300; i++)
        ck_assert_uint_eq((uintptr_t)gc_weakmap_get(map, &there[i]), (uintptr_t)i);
    ck_assert_uint_eq(gc_weakmap_count(map), 300);
}
END_TEST

START_TEST(errors)
{
    char *object = gc_alloc(64);
    uint64_t cursor = 0;
    ck_assert_ptr_null(gc_weakmap_new(4, NULL, NULL, NULL));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(gc_weakmap_new(0, hash_string, NULL, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(gc_weakmap_new(0, NULL, equal_strings, NULL));
    gc_weakmap *map = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    gc_weakmap *values = gc_weakmap_new(GC_WEAK_VALUES, NULL, NULL, NULL);
    gc_weakmap *wrong[] = {NULL, (gc_weakmap *)object, (gc_weakmap *)&cursor};
    for (int i = 0; i < 3; i++) {
        errno = 0;
        ck_assert_int_eq(gc_weakmap_put(wrong[i], object, NULL), -1);
        ck_assert_int_eq(errno, EINVAL);
        ck_assert_ptr_null(gc_weakmap_get(wrong[i], object));
        ck_assert_ptr_null(gc_weakmap_intern(wrong[i], object));
        ck_assert_int_eq(gc_weakmap_remove(wrong[i], object), -1);
        ck_assert_int_eq(errno, EINVAL);
        ck_assert_uint_eq(gc_weakmap_count(wrong[i]), 0);
        ck_assert_int_eq(gc_weakmap_next(wrong[i], &cursor, NULL, NULL), 0);
    }
    ck_assert_int_eq(gc_weakmap_put(map, NULL, object), -1);
    ck_assert_int_eq(gc_weakmap_put(map, object + 8, object), -1);
    ck_assert_int_eq(gc_weakmap_put(values, object, object + 8), -1);
    ck_assert_int_eq(gc_weakmap_get_or_put(map, object, NULL), -1);
    ck_assert_int_eq(gc_weakmap_remove(map, object), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_ptr_null(gc_weakmap_get(map, NULL));
    ck_assert_uint_eq(gc_weakmap_count(map) + gc_weakmap_count(values), 0);
    ck_assert_int_eq(gc_weakmap_put(values, object + 8, object), 0);
    ck_assert_ptr_eq(gc_weakmap_get(values, object + 8), object);
}
END_TEST

TCase *weakmap_use_case(void)
{
    TCase *tc = tcase_create("weakmap_use");
    tcase_add_test(tc, strings_exist_once);
    tcase_add_test(tc, functions_use_the_map);
    tcase_add_loop_test(tc, outside_of_the_heap, 0, 4);
    tcase_add_test(tc, errors);
    return tc;
}
