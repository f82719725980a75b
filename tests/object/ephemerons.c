/* Ephemerons: chains, circles, and random graphs of them against a fixed point that is computed
 * as simply as can be. */
#include "object.h"

#include <errno.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <stdlib.h>
#include <string.h>

#include "../roots/place.h"

/* ---- One ---------------------------------------------------------------------------------- */

static struct {
    gc_ephemeron *ephemeron;
    void *key, *value, *other;
    uintptr_t hidden[3];
} one;

/* The value leads back to the key. */
static void make_one(void *size)
{
    size_t bytes = *(size_t *)size;
    void **value = gc_alloc(bytes);
    one.key = gc_alloc(bytes);
    one.ephemeron = gc_ephemeron_new(one.key, value + 1);
    ck_assert_ptr_nonnull(one.ephemeron);
    value[0] = one.key;
    one.hidden[0] = hide(one.key);
    one.hidden[1] = hide(value);
    one.hidden[2] = hide(one.ephemeron);
}

static size_t sizes[] = {16, 48, 5000, 30000, 70000, 400000};

static void assert_key(void *unused)
{
    (void)unused;
    ck_assert_ptr_eq(gc_ephemeron_key(one.ephemeron), one.key);
}

static void assert_value(void *unused)
{
    (void)unused;
    ck_assert_ptr_eq(gc_ephemeron_value(one.ephemeron), one.value);
}

START_TEST(value_lives_with_its_key)
{
    deeply(make_one, &sizes[_i]);
    collect(2);
    ck_assert_uint_eq(count_living(one.hidden, 3), 3);
    deeply(assert_key, NULL);
    one.key = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(one.hidden, 2), 0);
    ck_assert_ptr_null(gc_ephemeron_key(one.ephemeron));
    ck_assert_ptr_null(gc_ephemeron_value(one.ephemeron));
    ck_assert_int_eq(gc_ephemeron_set_value(one.ephemeron, &one), -1);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(value_goes_with_the_ephemeron)
{
    deeply(make_one, &sizes[_i]);
    one.ephemeron = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(one.hidden, 1), 1);
    ck_assert_uint_eq(count_living(one.hidden + 1, 2), 0);
}
END_TEST

static uintptr_t other_value;

static void replace_value(void *unused)
{
    (void)unused;
    one.value = gc_alloc(64);
    other_value = hide(one.value);
    ck_assert_int_eq(gc_ephemeron_set_value(one.ephemeron, one.value), 0);
}

START_TEST(another_value)
{
    deeply(make_one, &sizes[_i]);
    deeply(replace_value, NULL);
    collect(1);
    deeply(assert_value, NULL);
    ck_assert_uint_eq(count_living(one.hidden + 1, 1), 0);
    one.value = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(&other_value, 1), 1);
    one.key = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(&other_value, 1), 0);
}
END_TEST

static void free_key(void *unused)
{
    (void)unused;
    gc_free(reveal(one.hidden[0]));
    ck_assert_ptr_null(gc_ephemeron_key(one.ephemeron));
    ck_assert_ptr_null(gc_ephemeron_value(one.ephemeron));
}

static void free_ephemeron(void *unused)
{
    (void)unused;
    gc_free(reveal(one.hidden[2]));
}

START_TEST(freed_by_hand)
{
    bool key = _i % 2;
    deeply(make_one, &sizes[_i / 2]);
    if (key)
        one.key = NULL;
    else
        one.ephemeron = NULL;
    deeply(key ? free_key : free_ephemeron, NULL);
    collect(1);
    ck_assert_uint_eq(count_living(one.hidden + 1, 1), 0);
    ck_assert_uint_eq(count_living(one.hidden, 1), !key);
}
END_TEST

static void move_key(void *size)
{
    one.key = gc_realloc(one.key, *(size_t *)size);
    one.hidden[0] = hide(one.key);
}

START_TEST(key_moved)
{
    size_t larger = 3 * sizes[_i] + 100;
    deeply(make_one, &sizes[_i]);
    deeply(move_key, &larger);
    deeply(assert_key, NULL);
    collect(1);
    deeply(assert_key, NULL);
    ck_assert_uint_eq(count_living(one.hidden, 2), 2);
    one.key = NULL;
    collect(2);
    ck_assert_ptr_null(gc_ephemeron_key(one.ephemeron));
    ck_assert_uint_eq(count_living(one.hidden, 2), 0);
}
END_TEST

/* ---- With finalizers ------------------------------------------------------------------------ */

static void revive(void *object, void *data)
{
    (void)data;
    ck_assert_ptr_eq(gc_ephemeron_key(one.ephemeron), object);
    one.other = object;
}

static void make_finalized(void *size)
{
    make_one(size);
    ck_assert(gc_finalizer_set(one.key, revive, NULL) == NULL);
    one.key = NULL;
}

static void run_finalizers(void *unused)
{
    (void)unused;
    ck_assert_uint_eq(gc_finalizers_run(), 1);
}

/* The value stays until the finalizer has run, and as long as it revives the key. */
START_TEST(key_finalised)
{
    deeply(make_finalized, &sizes[_i]);
    collect(2);
    ck_assert_uint_eq(count_living(one.hidden, 3), 3);
    deeply(run_finalizers, NULL);
    collect(2);
    ck_assert_uint_eq(count_living(one.hidden, 3), 3);
    one.other = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(one.hidden, 3), 1);
}
END_TEST

static uintptr_t data_hidden[2];
static unsigned finalized;

static void count_it(void *object, void *data)
{
    (void)object;
    finalized += gc_base(data) == data;
}

/* A finalizer's data, which leads to the key of an ephemeron, lives with the object. */
static void make_data(void *size)
{
    void **data = gc_alloc(32);
    make_one(size);
    *data = one.key;
    one.other = gc_alloc(32);
    ck_assert(gc_finalizer_set(one.other, count_it, data) == NULL);
    one.key = NULL;
    data_hidden[0] = hide(data);
}

START_TEST(data_of_a_finalizer)
{
    deeply(make_data, &sizes[_i]);
    collect(2);
    ck_assert_uint_eq(count_living(data_hidden, 1), 1);
    ck_assert_uint_eq(count_living(one.hidden, 3), 3);
    one.other = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(one.hidden, 3), 3);
    deeply(run_finalizers, NULL);
    ck_assert_uint_eq(finalized, 1);
    collect(1);
    ck_assert_uint_eq(count_living(data_hidden, 1), 0);
    ck_assert_uint_eq(count_living(one.hidden, 3), 1);
}
END_TEST

/* ---- Many ----------------------------------------------------------------------------------- */

/* Object i has words that lead to others; ephemerons lie in objects, too, or nobody keeps them. */
enum {
    OBJECTS = 1500,
    EPHEMERONS = 1500,
    WORDS = 3,
    EDGES = 700,
    ROOTS = 12,
    LARGE = 40
};

static struct {
    uintptr_t objects[OBJECTS], ephemerons[EPHEMERONS]; /* hidden */
    uint16_t key[EPHEMERONS], value[EPHEMERONS];
    struct edge {
        uint16_t from, to; /* objects from OBJECTS on are ephemerons */
    } edges[EDGES + EPHEMERONS];
    size_t edge_count;
    void *roots[ROOTS];
    uint16_t root[ROOTS];
    bool reached[OBJECTS + EPHEMERONS], was_reached[OBJECTS + EPHEMERONS];
} graph;

static uint32_t state = 1;

static uint32_t roll(uint32_t sides)
{
    state = state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(state >> 8) * sides >> 24);
}

static void *thing(size_t i)
{
    return reveal(i < OBJECTS ? graph.objects[i] : graph.ephemerons[i - OBJECTS]);
}

/* One of its words leads there, if there is room. */
static void add_edge(size_t from, size_t to)
{
    void **words = thing(from);
    size_t word = roll(WORDS);
    if (words[word])
        return;
    words[word] = thing(to);
    graph.edges[graph.edge_count++] = (struct edge){(uint16_t)from, (uint16_t)to};
}

static void make_graph(void *unused)
{
    (void)unused;
    gc_disable();
    for (size_t i = 0; i < OBJECTS; i++)
        graph.objects[i] = hide(gc_alloc(i % LARGE ? WORDS * sizeof(void *) : 70000));
    for (size_t i = 0; i < EPHEMERONS; i++) {
        graph.key[i] = (uint16_t)roll(OBJECTS);
        graph.value[i] = (uint16_t)roll(OBJECTS + (i > 0 ? (uint32_t)i : 0));
        gc_ephemeron *e = gc_ephemeron_new(thing(graph.key[i]), thing(graph.value[i]));
        ck_assert_ptr_nonnull(e);
        graph.ephemerons[i] = hide(e);
    }
    for (size_t i = 0; i < EDGES; i++)
        add_edge(roll(OBJECTS), roll(OBJECTS));
    for (size_t i = 0; i < EPHEMERONS; i++)
        if (i % 4)
            add_edge(roll(OBJECTS), OBJECTS + i);
    for (size_t i = 0; i < ROOTS; i++) {
        graph.root[i] = (uint16_t)roll(OBJECTS);
        graph.roots[i] = thing(graph.root[i]);
    }
    gc_enable();
}

static bool reach(size_t i)
{
    bool more = !graph.reached[i] && graph.was_reached[i];
    graph.reached[i] |= more;
    return more;
}

/* Until nothing more is reached.  What is gone leads nowhere. */
static void reach_all(void)
{
    bool more = true;
    memcpy(graph.was_reached, graph.reached, sizeof graph.reached);
    memset(graph.reached, 0, sizeof graph.reached);
    for (size_t i = 0; i < ROOTS; i++)
        if (graph.roots[i])
            reach(graph.root[i]);
    while (more) {
        more = false;
        for (size_t i = 0; i < graph.edge_count; i++)
            if (graph.reached[graph.edges[i].from])
                more |= reach(graph.edges[i].to);
        for (size_t i = 0; i < EPHEMERONS; i++)
            if (graph.reached[OBJECTS + i] && graph.reached[graph.key[i]])
                more |= reach(graph.value[i]);
    }
}

static void compare(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < OBJECTS + EPHEMERONS; i++)
        ck_assert_msg((gc_base(thing(i)) != NULL) == graph.reached[i], "%zu", i);
    for (size_t i = 0; i < EPHEMERONS; i++) {
        bool whole = graph.reached[OBJECTS + i] && graph.reached[graph.key[i]];
        if (!graph.reached[OBJECTS + i])
            continue;
        ck_assert_ptr_eq(gc_ephemeron_key(thing(OBJECTS + i)),
                         whole ? thing(graph.key[i]) : NULL);
        ck_assert_ptr_eq(gc_ephemeron_value(thing(OBJECTS + i)),
                         whole ? thing(graph.value[i]) : NULL);
    }
}

START_TEST(random_graphs)
{
    state = (uint32_t)_i + 1;
    ck_assert_int_eq(gc_option_set("verify", _i % 2 ? "1" : "0"), 0);
    deeply(make_graph, NULL);
    memset(graph.reached, 1, sizeof graph.reached);
    for (size_t left = ROOTS; left > 0; left--) {
        reach_all();
        collect(1);
        deeply(compare, NULL);
        graph.roots[left - 1] = NULL;
    }
    reach_all();
    collect(1);
    deeply(compare, NULL);
    ck_assert(!memchr(graph.reached, 1, sizeof graph.reached));
}
END_TEST

START_TEST(errors)
{
    static uint64_t fake[2];
    char *object = gc_alloc(64);
    ck_assert_ptr_null(gc_ephemeron_new(NULL, object));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(gc_ephemeron_new(object + 1, object));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(gc_ephemeron_new(fake, object));
    ck_assert_ptr_null(gc_ephemeron_key(NULL));
    ck_assert_ptr_null(gc_ephemeron_value(NULL));
    errno = 0;
    ck_assert_int_eq(gc_ephemeron_set_value(NULL, object), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_ephemeron_set_value((gc_ephemeron *)fake, object), -1);
    ck_assert_ptr_eq(gc_base(object), object);
}
END_TEST

TCase *ephemerons_case(void)
{
    TCase *tc = tcase_create("ephemerons");
    tcase_add_loop_test(tc, value_lives_with_its_key, 0, 6);
    tcase_add_loop_test(tc, value_goes_with_the_ephemeron, 0, 6);
    tcase_add_loop_test(tc, another_value, 0, 6);
    tcase_add_loop_test(tc, freed_by_hand, 0, 12);
    tcase_add_loop_test(tc, key_moved, 0, 6);
    tcase_add_loop_test(tc, key_finalised, 0, 6);
    tcase_add_loop_test(tc, data_of_a_finalizer, 0, 6);
    tcase_add_loop_test(tc, random_graphs, 0, 20);
    tcase_add_test(tc, errors);
    return tc;
}
