/* Memory that objects give back at their end: outside of the heap, told by gc_external_add, and in
 * a heap with a limit. */
#include <errno.h>
#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <gcalloc/weakmap.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "witness.h"

#define MIB(n) ((size_t)(n) << 20)

static struct gc_stats stats_now(void)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    return stats;
}

static void set_option(const char *name, const char *value)
{
    ck_assert_int_eq(gc_option_set(name, value), 0);
}

static void *volatile something; /* without an object there is nothing to collect */

/* The next collection comes when this much has been allocated, or told of. */
static void begin(void)
{
    set_option("floor", "4M");
    set_option("memory", "0");
    something = gc_alloc(16);
    gc_collect();
    ck_assert_uint_eq(stats_now().budget_bytes, MIB(4));
    ck_assert_uint_eq(stats_now().charged_bytes, 0);
}

/* ---- Outside of the heap ----------------------------------------------------------------------- */

START_TEST(counts_toward_the_budget)
{
    begin();
    uint64_t before = stats_now().collections;
    gc_external_add(MIB(4) - 1);
    ck_assert_uint_eq(stats_now().external_bytes, MIB(4) - 1);
    ck_assert_uint_eq(stats_now().charged_bytes, MIB(4) - 1);
    ck_assert_uint_eq(stats_now().collections, before);
    gc_external_add(1);
    ck_assert_uint_eq(stats_now().collections, before + 1);
    ck_assert_uint_eq(stats_now().charged_bytes, 0);
    ck_assert_uint_eq(stats_now().external_bytes, MIB(4));
}
END_TEST

/* What objects hold is part of what survives: the next budget grows with it. */
START_TEST(counts_as_living)
{
    begin();
    set_option("growth", "100");
    gc_external_add(MIB(8));
    gc_collect();
    ck_assert_uint_ge(stats_now().budget_bytes, MIB(8));
    ck_assert_uint_lt(stats_now().budget_bytes, MIB(9));
    gc_external_sub(MIB(8));
    gc_collect();
    ck_assert_uint_eq(stats_now().budget_bytes, MIB(4));
}
END_TEST

START_TEST(given_back_at_once)
{
    begin();
    uint64_t before = stats_now().collections;
    for (int i = 0; i < 1000; i++) {
        gc_external_add(MIB(3));
        gc_external_sub(MIB(3));
    }
    ck_assert_uint_eq(stats_now().collections, before);
    ck_assert_uint_eq(stats_now().external_bytes, 0);
    ck_assert_uint_eq(stats_now().charged_bytes, 0);
}
END_TEST

/* It takes nothing off what was allocated, and is said once. */
START_TEST(more_than_there_was)
{
    log_begin();
    begin();
    gc_external_sub(0);
    ck_assert_uint_eq(log_count("gc_external_sub"), 0);
    ck_assert_ptr_nonnull(gc_alloc_atomic(MIB(3)));
    uint64_t charged = stats_now().charged_bytes;
    ck_assert_uint_ge(charged, MIB(3));
    gc_external_add(1000);
    gc_external_sub(MIB(100));
    ck_assert_uint_eq(stats_now().external_bytes, 0);
    ck_assert_uint_eq(stats_now().charged_bytes, charged);
    ck_assert_uint_eq(log_count("gc_external_sub(104857600): only 1000 bytes"), 1);
    gc_external_sub(1);
    gc_external_sub(SIZE_MAX);
    ck_assert_uint_eq(stats_now().external_bytes, 0);
    ck_assert_uint_eq(stats_now().charged_bytes, charged);
    ck_assert_uint_eq(log_count("gc_external_sub"), 1);
}
END_TEST

START_TEST(more_than_there_can_be)
{
    begin();
    uint64_t before = stats_now().collections;
    gc_external_add(SIZE_MAX);
    gc_external_add(SIZE_MAX);
    ck_assert_uint_eq(stats_now().collections, before + 1);
    ck_assert_uint_ge(stats_now().external_bytes, SIZE_MAX / 4);
    ck_assert_ptr_nonnull(gc_alloc(100));
    gc_collect();
    gc_external_sub(stats_now().external_bytes);
    gc_collect();
    ck_assert_uint_eq(stats_now().external_bytes, 0);
    ck_assert_uint_eq(stats_now().budget_bytes, MIB(4));
}
END_TEST

enum { BUFFERS = 2000 };

static size_t given_back; /* atomic */

static void give_back(void *object)
{
    free(*(void **)object);
    gc_external_sub(MIB(1));
    __atomic_fetch_add(&given_back, 1, __ATOMIC_RELEASE);
}

static void finalize(void *object, void *unused)
{
    (void)unused;
    give_back(object);
}

static void hold_buffer(void *counted)
{
    void **object = *(bool *)counted ? gc_counted_new(16, give_back) : gc_alloc(16);
    *object = malloc(MIB(1));
    if (!*object || (!*(bool *)counted && gc_finalizer_set(object, finalize, NULL)))
        ck_abort_msg("no memory");
    gc_external_add(MIB(1));
}

/* Few bytes of this heap are allocated, and still collections come in time; so they do for counted
 * objects that nobody releases. */
START_TEST(objects_with_buffers)
{
    bool counted = _i;
    begin();
    for (int i = 0; i < BUFFERS; i++) {
        deeply(hold_buffer, &counted);
        gc_finalizers_run();
        if (stats_now().external_bytes > MIB(32))
            ck_abort_msg("%zu bytes are held", (size_t)stats_now().external_bytes);
    }
    ck_assert_uint_ge(given_back, BUFFERS - 32);
    ck_assert_uint_eq(stats_now().external_bytes, MIB(BUFFERS - given_back));
}
END_TEST

/* ---- A heap with a limit ----------------------------------------------------------------------- */

enum { HELD = 512 << 10 };

/* It holds memory that only its finalizer frees. */
static void free_held(void *object, void *unused)
{
    (void)unused;
    gc_free(*(void **)object);
    *(void **)object = NULL;
    __atomic_fetch_add(&given_back, 1, __ATOMIC_RELEASE);
}

static void destroy_held(void *object)
{
    free_held(object, NULL);
}

static bool hold(bool counted)
{
    void *held = gc_alloc_manual_atomic(HELD);
    if (!held)
        return false;
    void **object = counted ? gc_counted_new(16, destroy_held) : gc_alloc(16);
    if (!object || (!counted && gc_finalizer_set(object, free_held, NULL))) {
        gc_free(held);
        return false;
    }
    *object = held;
    return true;
}

/* What one call could make, of objects that nobody has. */
struct filling {
    bool counted;
    size_t made;
    int error;
};

static void fill(void *argument)
{
    struct filling *f = argument;
    errno = 0;
    while (f->made < 1000 && hold(f->counted))
        f->made++;
    f->error = errno;
}

/* At the limit an allocation collects, which finds them and frees nothing yet. */
static void fill_once(bool counted)
{
    struct filling f = {.counted = counted};
    uint64_t before = stats_now().collections, failed = stats_now().out_of_memory;
    deeply(fill, &f);
    ck_assert_int_eq(f.error, ENOMEM);
    ck_assert_uint_ge(f.made, 20);
    ck_assert_uint_lt(f.made, 32);
    ck_assert_uint_gt(stats_now().collections, before);
    ck_assert_uint_eq(stats_now().out_of_memory, failed + 1);
    ck_assert_uint_le(stats_now().heap_bytes, MIB(16));
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), f.made);
    given_back = 0;
    ck_assert_uint_eq(run_ready(), f.made);
    ck_assert_uint_eq(given_back, f.made);
}

START_TEST(finalizers_at_the_limit)
{
    gc_init();
    set_option("heap_limit", "16M");
    for (int round = 0; round < 10; round++)
        fill_once(_i);
}
END_TEST

/* The program's handler for the end of memory runs finalizers, and tries again. */
static void *run_and_try_again(size_t size, void *calls)
{
    ++*(size_t *)calls;
    return gc_finalizers_run() > 0 ? gc_alloc_manual_atomic(size) : NULL;
}

static void fill_with_handler(void *counted)
{
    for (int i = 0; i < 500; i++)
        if (!hold(*(bool *)counted))
            ck_abort_msg("no memory for the object %d", i);
}

START_TEST(finalizers_by_the_handler)
{
    static size_t calls;
    bool counted = _i;
    gc_init();
    set_option("heap_limit", "16M");
    gc_oom_handler_set(run_and_try_again, &calls);
    deeply(fill_with_handler, &counted);
    ck_assert_uint_ge(calls, 500 / 32);
    ck_assert_uint_ge(given_back, 500 - 32);
}
END_TEST

static uint64_t spare[64];

static void *give_spare(size_t size, void *unused)
{
    (void)unused;
    return size <= sizeof spare ? spare : NULL;
}

static size_t ended;

static void count_end(void *object)
{
    (void)object;
    ended++;
}

/* A counted object in memory that the handler gives is destroyed as others are, and that is all. */
START_TEST(counted_by_the_handler)
{
    static void *list; /* a root */
    void **counted;
    gc_init();
    set_option("heap_limit", "1M");
    gc_oom_handler_set(give_spare, NULL);
    while ((counted = gc_counted_new(100, count_end)) != (void *)(spare + 2)) {
        if (!counted)
            ck_abort_msg("the handler was not asked");
        *counted = list;
        list = counted;
    }
    gc_retain(counted);
    gc_release(counted);
    ck_assert_uint_eq(ended, 0);
    gc_release(counted);
    ck_assert_uint_eq(ended, 1);
    ck_assert_ptr_null(gc_weak_new(counted));
    gc_oom_handler_set(NULL, NULL);
    collect(1);
    ck_assert_uint_eq(gc_counted_count(list), 1);
}
END_TEST

static size_t given;

static void *give_and_count(size_t size, void *unused)
{
    given += size <= sizeof spare;
    return give_spare(size, unused);
}

static void *new_guardian(void)
{
    return gc_guardian_new();
}

static void *new_map(void)
{
    return gc_weakmap_new(GC_WEAK_KEYS, 0, NULL, NULL);
}

static void *key; /* a root */

static void *new_ephemeron(void)
{
    return gc_ephemeron_new(key, key);
}

static void *(*const makers[])(void) = {new_guardian, new_map, new_ephemeron};
static void *all_made; /* a root: a list */

/* Until the heap is full. */
static void make_all(void *maker)
{
    void *(*make)(void) = *(void *(**)(void))maker, *next;
    while ((next = make())) {
        void **link = gc_alloc(2 * sizeof *link);
        link[0] = all_made, link[1] = next;
        all_made = link == (void *)spare ? all_made : link;
    }
    ck_assert_int_eq(errno, ENOMEM);
}

/* What the library has to find in the heap cannot be in memory that the handler gives. */
START_TEST(none_by_the_handler)
{
    void *(*maker)(void) = makers[_i];
    gc_init();
    set_option("heap_limit", "1M");
    key = gc_alloc(16);
    gc_oom_handler_set(give_and_count, NULL);
    deeply(make_all, &maker);
    ck_assert_uint_gt(given, 0);
    gc_oom_handler_set(NULL, NULL);
    all_made = NULL;
    memset(spare, 0, sizeof spare);
    collect(2);
    ck_assert_ptr_nonnull(maker());
}
END_TEST

/* ... and the library's thread runs them while the program waits for memory. */
START_TEST(finalizers_by_the_librarys_thread)
{
    size_t made = 0;
    bool counted = _i;
    gc_init();
    set_option("heap_limit", "16M");
    set_option("finalizers", "thread");
    while (made < 200) {
        struct filling f = {.counted = counted};
        deeply(fill, &f);
        made += f.made;
    }
    collect(1);
    while (__atomic_load_n(&given_back, __ATOMIC_ACQUIRE) < made)
        collect(1);
    ck_assert_uint_eq(__atomic_load_n(&given_back, __ATOMIC_ACQUIRE), made);
}
END_TEST

TCase *memory_case(void)
{
    TCase *tc = tcase_create("memory");
    tcase_add_test(tc, counts_toward_the_budget);
    tcase_add_test(tc, counts_as_living);
    tcase_add_test(tc, given_back_at_once);
    tcase_add_test(tc, more_than_there_was);
    tcase_add_test(tc, more_than_there_can_be);
    tcase_add_loop_test(tc, objects_with_buffers, 0, 2);
    tcase_add_loop_test(tc, finalizers_at_the_limit, 0, 2);
    tcase_add_loop_test(tc, finalizers_by_the_handler, 0, 2);
    tcase_add_test(tc, counted_by_the_handler);
    tcase_add_loop_test(tc, none_by_the_handler, 0, 3);
    tcase_add_loop_test(tc, finalizers_by_the_librarys_thread, 0, 2);
    return tc;
}
