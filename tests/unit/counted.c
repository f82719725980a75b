/* Counted objects where memory ends: at each allocation of the library's in turn, what was asked for fails
 * with ENOMEM, nothing is lost, and nothing is destroyed twice or never. */
#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <gcalloc/weakmap.h>

#include "base/os.h"
#include "object/counted.h"
#include "support.h"

enum { OBJECTS = 5000, LEFT = 8 }; /* stacks may hold a few */

struct counted {
    struct counted *next;
    size_t number, ends;
};

static struct counted *objects[OBJECTS]; /* a root */
static uint8_t ends[OBJECTS];
static size_t count, destroyed;

static void end(void *object)
{
    struct counted *n = object;
    ENSURE(n->number < OBJECTS && ends[n->number] == 0);
    ends[n->number]++;
    destroyed++;
    gc_release(n->next);
}

static const unsigned all_flags[] = {0, GC_UNSHARED, GC_ATOMIC, GC_ATOMIC | GC_UNSHARED};

/* It may succeed although a call was refused. */
static bool make_next(void *flags)
{
    struct counted *n = gc_counted_new_with(sizeof *n, end, *(const unsigned *)flags);
    if (!n)
        return false;
    ENSURE(!n->next && !n->number && !n->ends && gc_counted_count(n) == 1);
    n->number = count;
    objects[count++] = n;
    return true;
}

static void make_all(void)
{
    unsigned flags = 0;
    while (count < OBJECTS)
        ENSURE(make_next(&flags));
}

/* How many calls to the system were refused. */
static unsigned make_refused(unsigned flags, bool onwards)
{
    enum { MORE = 100 }; /* that one attempt makes, at most */
    unsigned refused = 0;
    while (count < OBJECTS - MORE)
        refused += refuse_each_call(make_next, &flags, onwards) - 1;
    make_all();
    return refused;
}

static void release_all(void)
{
    for (size_t i = 0; i < OBJECTS; i++)
        gc_release(objects[i]);
    memset(objects, 0, sizeof objects);
}

/* From the first use of the heap on: the heap, the layouts, blocks. */
START_TEST(no_memory_for_an_object)
{
    ck_assert_uint_ge(make_refused(all_flags[_i / 2], _i % 2), 2);
    for (size_t i = 0; i < OBJECTS; i++)
        ENSURE(objects[i]->number == i && gc_counted_count(objects[i]) == 1);
    release_all();
    ck_assert_uint_eq(destroyed, OBJECTS);
    gc_collect();
    ck_assert_uint_eq(gc_finalizers_run(), 0);
    ck_assert_uint_eq(destroyed, OBJECTS);
}
END_TEST

/* ---- What leads to them ---------------------------------------------------------------------- */

static gc_weak *references[OBJECTS];
static gc_ephemeron *ephemerons[OBJECTS];
static gc_weakmap *map;

static bool refer(void *unused)
{
    (void)unused;
    references[count] = gc_weak_new_with(objects[count], GC_WEAK_LONG);
    return references[count];
}

static bool be_a_key(void *unused)
{
    (void)unused;
    ephemerons[count] = gc_ephemeron_new(objects[count], &count);
    return ephemerons[count];
}

static bool be_mapped(void *unused)
{
    (void)unused;
    return gc_weakmap_put(map, objects[count], &count) == 0;
}

static bool (*const weak[])(void *) = {refer, be_a_key, be_mapped};

/* What leads to the object of this number. */
static void expect_lead(int which, size_t i, const void *object)
{
    if (which == 0)
        ENSURE(gc_weak_get(references[i]) == object);
    else if (which == 1)
        ENSURE(gc_ephemeron_key(ephemerons[i]) == object);
    else
        ENSURE(!object || gc_weakmap_get(map, object) == &count);
}

START_TEST(no_memory_for_what_is_weak)
{
    int which = _i / 2;
    unsigned refused = 0;
    make_all();
    map = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    ck_assert_ptr_nonnull(map);
    for (count = 0; count < OBJECTS; count++)
        refused += refuse_each_call(weak[which], NULL, _i % 2) - 1;
    ck_assert_uint_ge(refused, 3);
    for (size_t i = 0; i < OBJECTS; i++)
        expect_lead(which, i, objects[i]);
    release_all();
    ck_assert_uint_eq(destroyed, OBJECTS);
    for (size_t i = 0; i < OBJECTS; i++)
        expect_lead(which, i, NULL);
    ck_assert_uint_eq(gc_weakmap_count(map), 0);
}
END_TEST

/* ---- Their end ------------------------------------------------------------------------------- */

static void chain_all(void)
{
    make_all();
    for (size_t i = 0; i + 1 < OBJECTS; i++)
        objects[i]->next = objects[i + 1];
}

/* Destroying one after the other needs no memory, whatever leads to them. */
START_TEST(no_memory_while_a_chain_goes)
{
    struct counted *first;
    chain_all();
    for (count = 0; count < OBJECTS; count++)
        ENSURE(refer(NULL) && be_a_key(NULL));
    first = objects[0];
    memset(objects, 0, sizeof objects);
    os_fail(1, true);
    gc_release(first);
    os_fail(0, false);
    ck_assert_uint_eq(destroyed, OBJECTS);
    for (size_t i = 0; i < OBJECTS; i++)
        ENSURE(!gc_weak_get(references[i]) && !gc_ephemeron_key(ephemerons[i]));
    gc_collect();
    ck_assert_uint_eq(gc_finalizers_run(), 0);
}
END_TEST

/* With option verify those that were destroyed go to a list, or, without memory, are not judged. */
START_TEST(no_memory_for_a_suspect)
{
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    make_all();
    os_fail(1, _i);
    release_all();
    os_fail(0, false);
    ck_assert_uint_eq(destroyed, OBJECTS);
    for (int i = 0; i < 3; i++)
        gc_collect();
    ck_assert_uint_eq(gc_finalizers_run(), 0);
    ck_assert_uint_eq(destroyed, OBJECTS);
}
END_TEST

/* In threes. */
static void make_circles(void)
{
    make_all();
    for (size_t i = 0; i < OBJECTS; i++) {
        size_t next = i % 3 == 2 ? i - 2 : i + 1 < OBJECTS ? i + 1 : i - 1;
        objects[i]->next = objects[next];
    }
    memset(objects, 0, sizeof objects);
}

/* Collects with the call of this number refused.  Whether there were so many. */
static bool collect_refused(unsigned nth, bool onwards)
{
    unsigned long before = os_calls();
    os_fail(nth, onwards);
    gc_collect();
    os_fail(0, false);
    return os_calls() - before >= nth;
}

/* Whole circles: nothing else goes with them. */
static size_t destroy_found(void)
{
    size_t found = gc_finalizers_ready(), before = destroyed;
    os_fail(1, true); /* nor does this need any */
    ck_assert_uint_eq(gc_finalizers_run(), found);
    os_fail(0, false);
    ck_assert_uint_eq(destroyed, before + found);
    return found;
}

/* One collection after the other lacks memory at a later place; those that it has no room for wait
 * for the next one. */
START_TEST(no_memory_in_the_cycle)
{
    size_t last = 0;
    make_circles();
    for (unsigned nth = 1; collect_refused(nth, _i % 2) || nth == 1; nth++)
        if (_i / 2)
            destroy_found();
    ck_assert_uint_le(gc_finalizers_ready() + destroyed, OBJECTS);
    do {
        last = destroyed;
        gc_collect();
        destroy_found();
    } while (destroyed > last);
    ck_assert_uint_ge(destroyed, OBJECTS - LEFT);
}
END_TEST

/* Not one of them is found, and none is lost: what they point to lives on. */
START_TEST(no_memory_for_the_list)
{
    make_circles();
    os_fail(1, true);
    gc_collect();
    gc_collect();
    os_fail(0, false);
    size_t found = destroy_found();
    ck_assert_uint_lt(found, OBJECTS);
    gc_collect();
    found += destroy_found();
    ck_assert_uint_ge(found, OBJECTS - LEFT);
    for (int i = 0; i < 3; i++) {
        gc_collect();
        destroy_found();
    }
    ck_assert_uint_le(destroyed, OBJECTS);
}
END_TEST

/* What finalizers and maps need comes between. */
static void nothing(void *object, void *data)
{
    (void)object;
    (void)data;
}

START_TEST(no_memory_in_the_cycle_of_all)
{
    make_circles();
    map = gc_weakmap_new(GC_WEAK_VALUES, NULL, NULL, NULL);
    for (count = 0; count < OBJECTS; count++) {
        struct counted *n = gc_counted_new(sizeof *n, NULL);
        void *plain = gc_alloc(32);
        ENSURE(n && plain && !gc_finalizer_set(plain, nothing, NULL));
        ENSURE(gc_weakmap_put(map, (void *)(count + 1), n) == 0);
        ENSURE(gc_ephemeron_new(n, plain));
    }
    for (unsigned nth = 1; collect_refused(nth, _i) || nth == 1; nth++)
        continue;
    for (int i = 0; i < 3; i++) {
        gc_collect();
        gc_finalizers_run();
    }
    ck_assert_uint_ge(destroyed, OBJECTS - LEFT);
    ck_assert_uint_le(gc_weakmap_count(map), LEFT);
}
END_TEST

TCase *counted_tests(void)
{
    TCase *t = tcase_create("counted");
    tcase_add_loop_test(t, no_memory_for_an_object, 0, 2 * COUNT_OF(all_flags));
    tcase_add_loop_test(t, no_memory_for_what_is_weak, 0, 2 * COUNT_OF(weak));
    tcase_add_test(t, no_memory_while_a_chain_goes);
    tcase_add_loop_test(t, no_memory_for_a_suspect, 0, 2);
    tcase_add_loop_test(t, no_memory_in_the_cycle, 0, 4);
    tcase_add_test(t, no_memory_for_the_list);
    tcase_add_loop_test(t, no_memory_in_the_cycle_of_all, 0, 2);
    return t;
}
