/* Markers that share work: together they mark what one alone marks. */
#include "collect/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/mark.h"
#include "support.h"

enum { OBJECTS = 60000, POINTERS = 5, HELPERS = 3, CYCLES = 20 };

static struct fixture f;
static struct marker first, helpers[HELPERS];
static struct pool pool;
static uint32_t packets; /* that helpers took.  Atomic */

struct node {
    uint32_t number;
    struct node *next[POINTERS];
};

static struct node *nodes[OBJECTS];
static bool expected[OBJECTS];

static void *help(void *argument)
{
    struct marker *m = argument;
    for (;;) {
        pool_await(&pool, &m->grey);
        __atomic_fetch_add(&packets, 1, __ATOMIC_RELAXED);
        marker_help(m);
        pool_rest(&pool, m->overflowed);
        m->overflowed = false;
    }
    return NULL;
}

static void start(void)
{
    fixture_create(&f);
    ck_assert(marker_create(&first, &f.heap, MARKER_PART));
    ck_assert(pool_create(&pool, SIZE_MAX));
    first.pool = &pool;
    for (int i = 0; i < HELPERS; i++) {
        pthread_t thread;
        ck_assert(marker_create(&helpers[i], &f.heap, MARKER_PART));
        helpers[i].pool = &pool;
        ck_assert_int_eq(pthread_create(&thread, NULL, help, &helpers[i]), 0);
    }
    for (uint32_t i = 0; i < OBJECTS; i++) {
        nodes[i] = fixture_alloc(&f, KIND_SCANNED, sizeof(struct node));
        nodes[i]->number = i;
    }
}

/* Most of the nodes are reachable from the first.  All are new, as no sweep follows. */
static void connect(void)
{
    for (uint32_t i = 0; i < OBJECTS; i++) {
        *state_of(&f, nodes[i]) = STATE_NEW;
        for (uint32_t k = 0; k < POINTERS; k++)
            nodes[i]->next[k] =
                roll(OBJECTS) % 10 < 3 || i == 0 ? nodes[roll(OBJECTS)] : NULL;
    }
}

static void expect_none(void)
{
    memset(expected, 0, sizeof expected);
}

static void expect_from(const struct node *root)
{
    const struct node **stack = zeroed(OBJECTS * POINTERS, sizeof(struct node *));
    size_t depth = 0;
    stack[depth++] = root;
    while (depth > 0) {
        const struct node *n = stack[--depth];
        if (!n || expected[n->number])
            continue;
        expected[n->number] = true;
        for (uint32_t k = 0; k < POINTERS; k++)
            stack[depth++] = n->next[k];
    }
    free(stack);
}

static void compare(void)
{
    for (uint32_t i = 0; i < OBJECTS; i++)
        ENSURE((*state_of(&f, nodes[i]) == f.heap.numbers->mark) == expected[i]);
}

static void run_cycle(void)
{
    connect();
    expect_none();
    expect_from(nodes[0]);
    marker_begin(&first, true);
    pool_open(&pool);
    marker_scan_roots(&first, (uintptr_t)&nodes[0], (uintptr_t)&nodes[1]);
    marker_drain(&first);
    compare();
    marker_end(&first);
}

START_TEST(together)
{
    start();
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        first.near_bytes = cycle % 2 ? SIZE_MAX : 0;
        run_cycle();
    }
    ck_assert_uint_gt(__atomic_load_n(&packets, __ATOMIC_RELAXED), 0);
}
END_TEST

/* ---- A pass that they share --------------------------------------------------------------------- */

static unsigned char seen[OBJECTS];
static struct marker *come[2]; /* the first two markers that came.  Atomic */

/* Takes the place, if nobody has it; returns whether it is this marker's. */
static bool take_place(struct marker **place, struct marker *m)
{
    struct marker *there = NULL;
    return __atomic_compare_exchange_n(place, &there, m, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST) ||
           there == m;
}

/* Waits until two markers have a part. */
static void come_together(struct marker *m)
{
    if (!take_place(&come[0], m))
        take_place(&come[1], m);
    while (!__atomic_load_n(&come[1], __ATOMIC_SEQ_CST))
        sched_yield();
}

/* Marks every 50th node. */
static void see(struct share *s, struct marker *m, uint32_t first_number, uint32_t end)
{
    (void)s;
    come_together(m);
    for (uint32_t i = first_number; i < end; i++) {
        __atomic_fetch_add(&seen[i], 1, __ATOMIC_RELAXED);
        if (i % 50 == 0)
            marker_mark_words(m, (const uintptr_t *)&nodes[i], 1);
    }
}

static void await_helpers(void)
{
    while (__atomic_load_n(&pool.waiting, __ATOMIC_SEQ_CST) < HELPERS)
        sched_yield();
}

START_TEST(a_pass_is_shared)
{
    start();
    await_helpers();
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        struct share s = share_of(see, 7, OBJECTS - 5);
        come[0] = come[1] = NULL;
        memset(seen, 0, sizeof seen);
        connect();
        expect_none();
        for (uint32_t i = 7; i < OBJECTS - 5; i++)
            if (i % 50 == 0)
                expect_from(nodes[i]);
        marker_begin(&first, true);
        pool_open(&pool);
        marker_share(&first, &s);
        ck_assert_ptr_nonnull(come[1]);
        for (uint32_t i = 0; i < OBJECTS; i++)
            ENSURE(seen[i] == (i >= 7 && i < OBJECTS - 5));
        compare();
        pool_check(&pool);
        marker_end(&first);
    }
}
END_TEST

static pthread_t lone;

static void see_alone(struct share *s, struct marker *m, uint32_t first_number,
                      uint32_t end)
{
    (void)s;
    ENSURE(m == &first && pthread_equal(pthread_self(), lone));
    for (uint32_t i = first_number; i < end; i++)
        seen[i]++;
}

/* A few numbers, or any without helpers, are the first marker's. */
START_TEST(a_pass_alone)
{
    start();
    await_helpers();
    lone = pthread_self();
    struct share few = share_of(see_alone, 0, SHARE_FROM - 1);
    struct share none = share_of(see_alone, 5, 5);
    struct share all = share_of(see_alone, SHARE_FROM - 1, OBJECTS);
    marker_begin(&first, true);
    marker_share(&first, &few);
    marker_share(&first, &none);
    first.pool = NULL;
    marker_share(&first, &all);
    for (uint32_t i = 0; i < OBJECTS; i++)
        ENSURE(seen[i] == 1);
}
END_TEST

/* What a list has no room for is found again in the heap. */
START_TEST(no_memory_for_queues)
{
    start();
    helpers[0].grey.ready = helpers[0].grey.capacity = 0;
    helpers[1].grey.ready = helpers[1].grey.capacity = 100;
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        first.grey.ready = first.grey.capacity = cycle % 2 ? 70 : 5000;
        run_cycle();
    }
}
END_TEST

/* In a child of fork the helpers are gone. */
START_TEST(alone)
{
    start();
    pid_t child = fork();
    if (child == 0) {
        pool_forked(&pool);
        run_cycle();
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    run_cycle();
}
END_TEST

static bool try_create(void *argument)
{
    (void)argument;
    return pool_create(&pool, SIZE_MAX);
}

START_TEST(create_fails_cleanly)
{
    ck_assert_uint_ge(refuse_each_call(try_create, NULL, true), 2);
}
END_TEST

/* ---- Checking ------------------------------------------------------------------------------- */

static void make_empty(void)
{
    ck_assert(pool_create(&pool, MIB(64)));
}

static void check(void)
{
    pool_check(&pool);
}

static void be_busy(void)
{
    pool.busy = 1;
}

static void overflow(void)
{
    pool.overflowed = true;
}

static void keep_an_item(void)
{
    pool.grey.end++;
}

static void offer_an_item(void)
{
    pool.available = 1;
}

static void commit_too_much(void)
{
    pool.grey.ready = pool.grey.capacity + 1;
}

static void end_beyond_what_is_ready(void)
{
    pool.grey.first = pool.grey.end = pool.grey.ready + 1;
}

static const struct damage damages[] = {
    {be_busy, "p->busy == 0 && !p->overflowed"},
    {overflow, "p->busy == 0 && !p->overflowed"},
    {keep_an_item, "grey_queue_size(&p->grey) == 0 && p->available == 0"},
    {offer_an_item, "grey_queue_size(&p->grey) == 0 && p->available == 0"},
    {commit_too_much, "l->ready <= l->capacity"},
    {end_beyond_what_is_ready, "l->first <= l->end && l->end <= l->ready"},
};

START_TEST(damage_is_caught)
{
    make_empty();
    check();
    expect_caught(&damages[_i], make_empty, check);
}
END_TEST

TCase *pool_tests(void)
{
    TCase *t = tcase_create("pool");
    tcase_add_test(t, together);
    tcase_add_test(t, a_pass_is_shared);
    tcase_add_test(t, a_pass_alone);
    tcase_add_test(t, no_memory_for_queues);
    tcase_add_test(t, alone);
    tcase_add_test(t, create_fails_cleanly);
    tcase_add_loop_test(t, damage_is_caught, 0, COUNT_OF(damages));
    return t;
}
