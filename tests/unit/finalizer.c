/* Finalizers and guardians where memory ends: at each allocation of the library's in turn, what was asked for
 * fails, and nothing else has changed. */
#include <gcalloc/finalizer.h>

#include "base/options.h"
#include "base/os.h"
#include "collect/collector.h"
#include "object/watch.h"
#include "support.h"

enum { OBJECTS = 5000 };

static void *objects[OBJECTS]; /* a root */
static size_t count, calls;

static void count_call(void *object, void *data)
{
    (void)object;
    calls += data == &calls;
}

static bool set_next(void *unused)
{
    (void)unused;
    gc_finalizer *old = gc_finalizer_set(objects[count], count_call, &calls);
    ENSURE(old == NULL || old == GC_FINALIZER_ERROR);
    if (old)
        ENSURE(gc_finalizer_get(objects[count], NULL) == NULL);
    return !old;
}

static void make_objects(void)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = gc_alloc(32);
        ck_assert_ptr_nonnull(objects[i]);
    }
}

static void check_tables(void)
{
    watch_lock();
    watch_check();
    watch_unlock();
}

/* Tables double, so that few of the many calls need memory; what was refused is asked for again. */
START_TEST(no_memory_for_a_finalizer)
{
    unsigned refused = 0;
    make_objects();
    for (count = 0; count < OBJECTS; count++) {
        refused += refuse_each_call(set_next, NULL, _i) - 1;
        check_tables();
    }
    ck_assert_uint_gt(refused, 10);
    ck_assert_uint_eq(watched.watches.count, OBJECTS);
    memset(objects, 0, sizeof objects);
    gc_collect();
    ck_assert_uint_ge(gc_finalizers_run(), OBJECTS - 8); /* stacks may hold a few */
    ck_assert_uint_ge(calls, OBJECTS - 8);
}
END_TEST

/* What becomes ready has its room already. */
START_TEST(no_memory_in_the_cycle)
{
    make_objects();
    for (count = 0; count < OBJECTS; count++)
        ck_assert(set_next(NULL));
    memset(objects, 0, sizeof objects);
    os_fail(1, true);
    gc_collect();
    os_fail(0, false);
    check_tables();
    ck_assert_uint_eq(watched.watches.count, OBJECTS);
    gc_collect();
    ck_assert_uint_ge(gc_finalizers_run(), OBJECTS - 8);
}
END_TEST

/* More candidates than are looked at one by one, each with a chain that must be there when it is finalised. */
enum { WAITING = 12000, CHAIN = 4 };

static void follow_chain(void *object, void *data)
{
    void **link = object;
    for (size_t i = 0; i < CHAIN; i++)
        link = *link;
    calls += *link == data && gc_base(link) == link;
}

static void make_chains(void)
{
    for (size_t i = 0; i < WAITING; i++) {
        void **link = gc_alloc(32);
        *link = &calls;
        for (size_t n = 0; n < CHAIN; n++) {
            void **next = gc_alloc(32);
            *next = link, link = next;
        }
        ck_assert_ptr_null(gc_finalizer_set(link, follow_chain, &calls));
    }
}

/* The grey queue has room for so few that in each drain some are lost. */
START_TEST(mark_stack_overflow)
{
    struct marker *m = &process_collector.marker;
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    gc_disable();
    make_chains();
    gc_enable();
    size_t most = (size_t[]){0, 1, 100, 5000}[_i];
    uint32_t overflows = m->overflows;
    m->grey.capacity = most;
    m->grey.ready = min_size(m->grey.ready, most);
    gc_collect();
    ck_assert_uint_gt(m->overflows, overflows);
    ck_assert_uint_ge(gc_finalizers_run(), WAITING - 8);
    ck_assert_uint_ge(calls, WAITING - 8);
}
END_TEST

static gc_guardian *guardian;

static bool guard_next(void *unused)
{
    (void)unused;
    return gc_guardian_add(guardian, objects[count]) == 0;
}

START_TEST(no_memory_for_a_guardian)
{
    unsigned refused = 0;
    make_objects();
    guardian = gc_guardian_new();
    ck_assert_ptr_nonnull(guardian);
    for (count = 0; count < OBJECTS; count++) {
        refused += refuse_each_call(guard_next, NULL, _i) - 1;
        check_tables();
    }
    ck_assert_uint_gt(refused, 10);
    ck_assert_uint_eq(watched.guarded, OBJECTS);
    memset(objects, 0, sizeof objects);
    gc_collect();
    size_t fetched = 0;
    while (gc_guardian_get(guardian))
        fetched++;
    ck_assert_uint_ge(fetched, OBJECTS - 8);
}
END_TEST

static void nothing(void *unused)
{
    (void)unused;
}

/* It may succeed although a call was refused. */
static bool add_nothing(void *unused)
{
    bool added = gc_hook_add(GC_AFTER_COLLECTION, nothing, unused) == 0;
    count += added;
    return added;
}

START_TEST(no_memory_for_a_hook)
{
    unsigned refused = 0;
    for (int i = 0; i < 1000; i++)
        refused += refuse_each_call(add_nothing, NULL, _i) - 1;
    ck_assert_uint_gt(refused, 0);
    ck_assert_uint_ge(count, 1000);
    for (; count > 0; count--)
        ck_assert_int_eq(gc_hook_remove(GC_AFTER_COLLECTION, nothing, NULL), 0);
    ck_assert_int_eq(gc_hook_remove(GC_AFTER_COLLECTION, nothing, NULL), -1);
}
END_TEST

TCase *finalizer_tests(void)
{
    TCase *t = tcase_create("finalizer");
    tcase_add_loop_test(t, no_memory_for_a_finalizer, 0, 2);
    tcase_add_test(t, no_memory_in_the_cycle);
    tcase_add_loop_test(t, mark_stack_overflow, 0, 4);
    tcase_add_loop_test(t, no_memory_for_a_guardian, 0, 2);
    tcase_add_loop_test(t, no_memory_for_a_hook, 0, 2);
    return t;
}
