/* Ephemerons by their work: in chains of any order, of keys that are about to be finalised, and when there is
 * no memory in the pause. */
#include "object/pairs.h"

#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/options.h"
#include "base/os.h"
#include "collect/collector.h"
#include "collect/verify.h"
#include "support.h"

enum order { FORWARD, BACKWARD, SHUFFLED };

/* Objects whose addresses the collector does not see. */
static uintptr_t *hidden;

static void *object(size_t i)
{
    return (void *)~hidden[i];
}

static void make_objects(size_t count)
{
    hidden = calloc(count, sizeof *hidden);
    for (size_t i = 0; i < count; i++)
        hidden[i] = ~(uintptr_t)gc_alloc(16);
}

/* Object i is the key of object i + 1; in the table the links of the chain stand in this order. */
static void **make_chain(uint32_t count, enum order order)
{
    void **handles = gc_alloc(count * sizeof *handles);
    uint32_t *numbers = calloc(count, sizeof *numbers);
    gc_disable();
    make_objects(count + 1);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = order == BACKWARD ? count - 1 - i : i;
    if (order == SHUFFLED)
        shuffle(numbers, count);
    for (uint32_t i = 0; i < count; i++)
        handles[i] = gc_ephemeron_new(object(numbers[i]), object(numbers[i] + 1));
    free(numbers);
    gc_enable();
    return handles;
}

static void *count_those(void *argument)
{
    size_t count = *(const size_t *)argument, living = 0;
    for (size_t i = 0; i < count; i++)
        living += gc_base(object(i)) != NULL;
    return (void *)living;
}

/* By another thread, whose stack and registers go with it, and with them the last address. */
static size_t count_living(size_t count)
{
    void *living;
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, count_those, &count), 0);
    ck_assert_int_eq(pthread_join(thread, &living), 0);
    return (size_t)living;
}

static uint64_t work_of_a_collection(void)
{
    uint64_t before = pairs_work();
    gc_collect();
    return pairs_work() - before;
}

/* The chain hangs on its first key. */
static uint64_t work_of_a_chain(uint32_t count, enum order order)
{
    void **handles = make_chain(count, order);
    void **volatile kept = handles, *volatile first = object(0);
    uint64_t work = work_of_a_collection();
    ck_assert_uint_eq(count_living(count + 1), count + 1);
    ck_assert_ptr_nonnull(kept[0]);
    ck_assert_ptr_nonnull(first);
    return work;
}

/* Two chains in two processes: neither knows of the other. */
static void measure(void *argument, uint32_t count, uint64_t *work)
{
    *work = work_of_a_chain(count, *(const enum order *)argument);
}

/* The runs of a test: each order, with one marker and with several. */
enum { ORDERS = 3, RUNS = 2 * ORDERS };

static enum order begin_run(int run)
{
    ck_assert_int_eq(gc_option_set("markers", run < ORDERS ? "1" : "4"), 0);
    return (enum order)(run % ORDERS);
}

START_TEST(a_chain_takes_linear_work)
{
    enum { LINKS = 60000 };
    enum order order = begin_run(_i);
    uint64_t one, two;
    measure(&order, LINKS, &one);
    hidden = NULL;
    gc_collect();
    measure(&order, 2 * LINKS, &two);
    ck_assert_uint_ge(one, LINKS);
    ck_assert_msg(10 * two <= 23 * one, "%llu for one, %llu for two",
                  (unsigned long long)one, (unsigned long long)two);
    ck_assert_uint_le(two, 20 * LINKS);
}
END_TEST

struct dead_chain {
    uint32_t count;
    enum order order;
    void **handles;
};

static void *make_dead_chain(void *argument)
{
    struct dead_chain *c = argument;
    c->handles = make_chain(c->count, c->order);
    return NULL;
}

/* Made by another thread, whose stack and registers go with it. */
static void **make_chain_elsewhere(uint32_t count, enum order order)
{
    struct dead_chain c = {.count = count, .order = order};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, make_dead_chain, &c), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return c.handles;
}

/* A chain that nothing leads to is looked at no more often. */
START_TEST(a_dead_chain)
{
    enum { LINKS = 60000 };
    void **volatile kept = make_chain_elsewhere(LINKS, begin_run(_i));
    uint64_t work = work_of_a_collection();
    ck_assert_uint_eq(count_living(LINKS + 1), 0);
    ck_assert_uint_le(work, 8 * LINKS);
    ck_assert_ptr_null(gc_ephemeron_value(kept[LINKS / 2]));
}
END_TEST

/* The grey queue never has room for more: some keys are marked and not told of. */
START_TEST(mark_stack_overflow)
{
    enum { LINKS = 300 };
    void **handles = make_chain(LINKS, (enum order)_i);
    void **volatile kept = handles, *volatile first = object(0);
    struct grey_queue *grey = &process_collector.marker.grey;
    grey->ready = grey->capacity = 0;
    gc_collect();
    ck_assert_uint_eq(count_living(LINKS + 1), LINKS + 1);
    ck_assert(kept && first);
}
END_TEST

/* The system refuses memory in the pause, for the nth time and from then on: what is alive stays,
 * and what was kept beside goes with the next collection. */
START_TEST(no_memory_in_the_pause)
{
    size_t links = _i ? 1000 : 30000;
    void **volatile kept = make_chain_elsewhere((uint32_t)links, SHUFFLED);
    void *volatile first = object(0);
    ck_assert_int_eq(gc_option_set("verify", _i ? "1" : "0"), 0);
    for (unsigned long nth = 1; nth < 30; nth++) {
        os_fail(nth, !_i);
        gc_collect();
        os_fail(0, false);
        ck_assert_uint_eq(count_living(links + 1), links + 1);
    }
    first = NULL;
    os_fail(_i ? 5 : 1, true);
    gc_collect();
    os_fail(0, false);
    gc_collect();
    gc_collect();
    ck_assert_uint_eq(count_living(links + 1), 0);
    ck_assert(kept && !first);
}
END_TEST

/* ---- Keys with finalizers ------------------------------------------------------------------------ */

enum { KEYS = 20000 }; /* more than are looked at one by one */

static size_t finalised, destroyed;

/* Values point to their keys. */
struct value {
    void *key;
    bool destroyed;
};

static void destroy(void *object)
{
    ((struct value *)object)->destroyed = true;
    destroyed++;
}

/* Its data is the ephemeron. */
static void finalize(void *key, void *ephemeron)
{
    const struct value *v = gc_ephemeron_value(ephemeron);
    if (!v || v->key != key || v->destroyed)
        ck_abort_msg("a finalizer found its key's value gone");
    finalised++;
}

static void *make_keys(void *unused)
{
    for (size_t i = 0; i < KEYS; i++) {
        void *key = gc_alloc_atomic(16);
        struct value *v = gc_counted_new(sizeof *v, destroy);
        void *e = gc_ephemeron_new(key, v);
        v->key = key;
        if (!e || gc_finalizer_set(key, finalize, e))
            ck_abort_msg("key %zu was not made", i);
    }
    return unused;
}

static void *run_all(void *unused)
{
    while (gc_finalizers_run() > 0)
        continue;
    return unused;
}

static void elsewhere(void *(*function)(void *))
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, function, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

START_TEST(values_of_candidates_take_linear_work)
{
    finalised = destroyed = 0;
    begin_run(_i);
    elsewhere(make_keys);
    uint64_t work = work_of_a_collection();
    ck_assert_uint_ge(work, KEYS);
    ck_assert_uint_le(work, 20 * KEYS);
    elsewhere(run_all);
    ck_assert_uint_eq(finalised, KEYS);
    ck_assert_uint_eq(destroyed, 0);
    gc_collect();
    elsewhere(run_all);
    ck_assert_uint_eq(destroyed, KEYS);
}
END_TEST

/* Some marks get lost, or all memory: each finalizer runs, and sees its value. */
START_TEST(values_of_candidates_without_memory)
{
    for (unsigned long nth = 0; nth < 12; nth++) {
        finalised = destroyed = 0;
        elsewhere(make_keys);
        struct grey_queue *grey = &process_collector.marker.grey, usual = *grey;
        if (_i)
            grey->ready = grey->capacity = 0;
        os_fail(nth, true);
        gc_collect();
        os_fail(0, false);
        if (_i)
            *grey = usual;
        elsewhere(run_all);
        for (int i = 0; i < 3; i++) {
            gc_collect();
            elsewhere(run_all);
        }
        ck_assert_uint_eq(finalised, KEYS);
        ck_assert_uint_eq(destroyed, KEYS);
    }
}
END_TEST

TCase *pairs_tests(void)
{
    TCase *t = tcase_create("pairs");
    tcase_add_loop_test(t, a_chain_takes_linear_work, 0, RUNS);
    tcase_add_loop_test(t, a_dead_chain, 0, RUNS);
    tcase_add_loop_test(t, mark_stack_overflow, 0, 3);
    tcase_add_loop_test(t, no_memory_in_the_pause, 0, 2);
    tcase_add_loop_test(t, values_of_candidates_take_linear_work, 0, 2);
    tcase_add_loop_test(t, values_of_candidates_without_memory, 0, 2);
    return t;
}
