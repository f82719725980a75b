/* What is in the heap: each object once, and as many of each type as there are. */
#include <gcalloc/walk.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "typed.h"

enum { OBJECTS = 3000, SORTS = 6 };

static gc_layout pair, array;

struct expected {
    uintptr_t hidden[OBJECTS];
    unsigned char visits[OBJECTS];
    size_t others;
};

/* What the objects of each sort are to be seen as. */
static const struct {
    size_t size;
    unsigned flags;
    bool typed;
} sorts[SORTS] = {{48, 0, false},
                  {16, GC_ATOMIC, false},
                  {5000, GC_MANUAL, false},
                  {80000, GC_MANUAL | GC_ATOMIC, false},
                  {16, 0, true},
                  {100000, 0, true}};

static void *make(size_t sort)
{
    if (!sorts[sort].typed)
        return gc_alloc_with(sorts[sort].size, 0, sorts[sort].flags);
    return sort == 4 ? gc_alloc_layout(pair)
                     : gc_alloc_layout_sized(array, sorts[sort].size);
}

/* Large ones are few. */
static size_t sort_of(size_t i)
{
    return i % 100 < SORTS ? i % 100 : i % 2 ? 0 : 4;
}

static void fill(void *argument)
{
    struct expected *e = argument;
    size_t offset = 0;
    pair = gc_layout_new(16, &offset, 1);
    array = gc_layout_new_array(0, pair);
    ck_assert(pair && array && gc_layout_name(pair, "pair") == 0);
    void **all = kept[0] = gc_alloc(OBJECTS * sizeof *all);
    for (size_t i = 0; i < OBJECTS; i++) {
        all[i] = make(sort_of(i));
        ck_assert_ptr_nonnull(all[i]);
        e->hidden[i] = hide(all[i]);
    }
}

static void see(const struct gc_walk_object *o, void *data)
{
    struct expected *e = data;
    size_t i = 0;
    while (i < OBJECTS && reveal(e->hidden[i]) != o->address)
        i++;
    if (i == OBJECTS) {
        e->others++;
        return;
    }
    size_t sort = sort_of(i);
    ck_assert_uint_eq(o->size, gc_usable_size(o->address));
    ck_assert_uint_ge(o->requested, sorts[sort].size);
    ck_assert_uint_eq(o->flags, sorts[sort].flags);
    ck_assert_uint_eq(o->layout, sort == 4 ? pair : sort == 5 ? array : 0);
    ck_assert(sort == 4 ? strcmp(o->name, "pair") == 0 : o->name == NULL);
    e->visits[i]++;
    ck_assert_ptr_nonnull(gc_alloc(32)); /* it may */
}

START_TEST(each_object_once)
{
    static struct expected e;
    in_way(_i);
    deeply(fill, &e);
    collect_deeply();
    void **all = kept[0];
    for (size_t i = 0; i < OBJECTS; i += 7) { /* others may come to lie there */
        gc_free(all[i]);
        e.hidden[i] = hide(NULL);
    }
    ck_assert_int_eq(gc_heap_walk(see, &e), 0);
    for (size_t i = 0; i < OBJECTS; i++)
        ck_assert_uint_eq(e.visits[i], i % 7 != 0);
    ck_assert_uint_ge(e.others, 1);
    ck_assert_int_eq(gc_heap_walk(NULL, NULL), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

struct counted {
    size_t objects[SORTS], bytes;
};

static void see_type(const struct gc_type_count *count, void *data)
{
    struct counted *c = data;
    size_t sort = count->layout == pair ? 4 : count->layout == array ? 5 : 0;
    ck_assert(count->layout == 0 || sort);
    ck_assert_uint_eq(c->objects[sort], 0);
    ck_assert(sort == 4 ? strcmp(count->name, "pair") == 0 : count->name == NULL);
    c->objects[sort] = count->objects;
    if (sort == 4)
        c->bytes = count->bytes;
}

START_TEST(counts_are_exact)
{
    static struct expected e;
    struct counted c = {0};
    size_t expected[SORTS] = {0};
    in_way(_i);
    deeply(fill, &e);
    void **all = kept[0];
    for (size_t i = 0; i < OBJECTS; i++) {
        bool dies = i % 3 == 0 && !(sorts[sort_of(i)].flags & GC_MANUAL);
        expected[sort_of(i)] += !dies;
        if (dies)
            all[i] = NULL;
    }
    collect_deeply();
    ck_assert_int_eq(gc_stats_types(see_type, &c), 0);
    ck_assert_uint_eq(c.objects[4], expected[4]);
    ck_assert_uint_eq(c.bytes, 16 * expected[4]);
    ck_assert_uint_eq(c.objects[5], expected[5]);
    /* The others, and the table. */
    ck_assert_uint_ge(c.objects[0],
                      expected[0] + expected[1] + expected[2] + expected[3] + 1);
}
END_TEST

START_TEST(addresses)
{
    int local = 0;
    static int data;
    char *object = gc_alloc(100);
    ck_assert(gc_is_managed(object) && gc_is_managed(object + 50));
    ck_assert(!gc_is_managed(NULL) && !gc_is_managed(&local) && !gc_is_managed(&data));
    ck_assert(!gc_is_managed((void *)UINTPTR_MAX) && !gc_is_managed(malloc(10)));
    gc_free(object);
    ck_assert(gc_is_managed(object));
}
END_TEST

/* Threads allocate, free and collect meanwhile: each object that stays is seen, and once. */
static int enough;

static void *work(void *argument)
{
    uint32_t random = (uint32_t)(uintptr_t)argument;
    while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
        random = random * 1664525 + 1013904223;
        void *object = make(random >> 16 & 1 ? 0 : random >> 17 & 255 ? 4 : 5);
        if (random >> 28 == 0)
            gc_free(object);
        if (random >> 20 == 0)
            gc_collect();
    }
    return NULL;
}

START_TEST(beside_threads)
{
    static struct expected e;
    pthread_t threads[3];
    in_way(_i);
    deeply(fill, &e);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    for (int round = 0; round < 5; round++) {
        memset(e.visits, 0, sizeof e.visits);
        ck_assert_int_eq(gc_heap_walk(see, &e), 0);
        for (size_t i = 0; i < OBJECTS; i++)
            ck_assert_uint_eq(e.visits[i], 1);
    }
    __atomic_store_n(&enough, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

static void see_nothing(const struct gc_walk_object *o, void *data)
{
    (void)o, (void)data;
}

static void end_thread(const struct gc_walk_object *o, void *data)
{
    (void)o, (void)data;
    pthread_exit(data);
}

static void *walk_and_end(void *data)
{
    gc_heap_walk(end_thread, data);
    return NULL;
}

/* Collections go on to come of themselves. */
START_TEST(a_visitor_may_end_its_thread)
{
    pthread_t thread;
    void *volatile object = gc_alloc(100), *result;
    int here;
    struct gc_stats s = {.size = sizeof s};
    ck_assert_int_eq(pthread_create(&thread, NULL, walk_and_end, &here), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, &here);
    for (size_t i = 0; i < 100000; i++)
        object = gc_alloc(1000);
    ck_assert_ptr_nonnull(object);
    gc_stats_get(&s);
    ck_assert_uint_gt(s.collections, 0);
    gc_disable();
    gc_enable();
    ck_assert_int_eq(gc_heap_walk(see_nothing, NULL), 0);
}
END_TEST

static size_t visits;

static void make_another(const struct gc_walk_object *object, void *list)
{
    void ***last = list, **made = gc_alloc(64);
    (void)object;
    ck_assert_ptr_nonnull(made);
    *made = *last;
    *last = made;
    ck_assert_uint_lt(++visits, 1000 * 1000);
}

/* One for each that it sees, which it may see as well: an end comes all the same. */
START_TEST(a_visitor_may_allocate)
{
    static void **list;
    for (size_t i = 0; i < OBJECTS; i++)
        make_another(NULL, &list);
    visits = 0;
    gc_collect_begin(); /* does not go on in the walk */
    ck_assert_int_eq(gc_heap_walk(make_another, &list), 0);
    ck_assert_uint_ge(visits, OBJECTS);
}
END_TEST

TCase *walks_case(void)
{
    TCase *t = tcase_create("walks");
    tcase_add_loop_test(t, each_object_once, 0, WAYS);
    tcase_add_loop_test(t, counts_are_exact, 0, WAYS);
    tcase_add_test(t, addresses);
    tcase_add_loop_test(t, beside_threads, 0, WAYS - 1);
    tcase_add_test(t, a_visitor_may_end_its_thread);
    tcase_add_test(t, a_visitor_may_allocate);
    return t;
}
