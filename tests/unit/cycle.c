/* Cycles of one kind and another on a heap of the test's own, with its roots listed by hand; and
 * the phases between marking and the sweep. */
#include "collect/cycle.h"

#include <gcalloc/gcalloc.h>

#include "collect/collector.h"
#include "collect/phase.h"
#include "collect/workers.h"
#include "graph.h"
#include "world/stop.h"

/* The marks of the last cycle stay.  What is old is not looked at, so the roots name what of it
 * may have changed. */
static const struct cycle_kind sticky = {.label = "sticky"};

static struct graph g;
static struct marker marker;
static struct cycle cycle = {.marker = &marker, .kind = &cycle_full};

static void prepare(void)
{
    world_lock();
    cycle_prepare();
    world_unlock();
}

/* The calling thread has a cache of another heap, the process's. */
static void start(void)
{
    gc_init();
    prepare();
    fixture_create(&g.f);
    ck_assert(marker_create(&marker, &g.f.heap, MARKER_PART));
    ck_assert(workers_create(&marker));
    cycle.heap = &g.f.heap;
    cycle.cause = CAUSE_BUDGET;
    cycle.roots.keeps_named = true;
}

static void name_roots(const uintptr_t *low, size_t count)
{
    range_list_add(&cycle.roots.data, (uintptr_t)low, (uintptr_t)(low + count));
}

/* The fixture's cache is no thread's. */
static void run(const struct cycle_kind *kind)
{
    cycle.kind = kind;
    cache_empty(g.f.cache);
    workers_recruit(&g.f.heap);
    world_lock();
    ck_assert(world_stop());
    workers_rouse(&marker);
    cycle_run(&cycle);
    workers_rest();
    world_restart();
    world_unlock();
    range_list_clear(&cycle.roots.data);
    fixture_check(&g.f);
}

static bool lives(const void *object)
{
    return *state_of(&g.f, object) == g.f.heap.numbers->mark;
}

static bool is_gone(const void *object)
{
    return *state_of(&g.f, object) == STATE_FREE;
}

START_TEST(sticky_marks)
{
    static void **roots[2];
    start();
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    void **old = fixture_alloc(&g.f, KIND_SCANNED, 64);
    void **old_garbage = fixture_alloc(&g.f, KIND_SCANNED, 64);
    old[1] = old_garbage;
    roots[0] = old;
    name_roots((uintptr_t *)roots, 2);
    run(&cycle_full);
    uint8_t mark = g.f.heap.numbers->mark;
    ck_assert_uint_eq(g.f.heap.numbers->live_objects, 2);

    roots[1] = fixture_alloc(&g.f, KIND_SCANNED, 64);
    old[1] = fixture_alloc(&g.f, KIND_SCANNED, 64);
    void *manual = fixture_alloc(&g.f, KIND_MANUAL, 64);
    void *garbage = fixture_alloc(&g.f, KIND_SCANNED, 64);
    name_roots((uintptr_t *)roots, 2);
    name_roots((uintptr_t *)old, 8); /* it was written to */
    run(&sticky);
    ck_assert_uint_eq(g.f.heap.numbers->mark, mark);
    ck_assert(lives(old) && lives(old_garbage));
    ck_assert(lives(roots[1]) && lives(old[1]) && lives(manual));
    ck_assert(is_gone(garbage));
    ck_assert_uint_eq(cycle.reclaimed, 64);
    ck_assert_uint_eq(g.f.heap.numbers->live_objects, 5);
    ck_assert_uint_eq(g.f.heap.numbers->live_bytes, 5 * 64);

    name_roots((uintptr_t *)roots, 2);
    run(&cycle_full);
    ck_assert_uint_ne(g.f.heap.numbers->mark, mark);
    ck_assert(lives(old) && lives(old[1]) && lives(roots[1]) && lives(manual));
    ck_assert(is_gone(old_garbage));
    ck_assert_uint_eq(g.f.heap.numbers->live_objects, 4);
}
END_TEST

/* What is old is not scanned: that is what the roots are to name, and verify sees to it. */
static void forget_a_write(void *argument)
{
    static void **roots[1];
    (void)argument;
    void **old = fixture_alloc(&g.f, KIND_SCANNED, 64);
    roots[0] = old;
    name_roots((uintptr_t *)roots, 1);
    run(&cycle_full);
    *old = fixture_alloc(&g.f, KIND_SCANNED, 64);
    name_roots((uintptr_t *)roots, 1);
    run(&sticky);
}

START_TEST(sticky_cycle_is_verified)
{
    start();
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    expect_abort(forget_a_write, NULL, "has state 2 and is reachable\n");
}
END_TEST

/* Objects that stay are written to again, whole, between cycles. */
static void name_written(void)
{
    for (uint32_t i = 0; i < g.count; i++)
        if (*g.nodes[i].state == g.f.heap.numbers->mark &&
            !(g.nodes[i].kind & KIND_ATOMIC))
            name_roots((const uintptr_t *)g.nodes[i].low, g.nodes[i].size / 8);
}

/* Each object that is old stays; else what is marked is what the graph says. */
static void check_graph(const struct cycle_kind *kind)
{
    size_t bytes = 0;
    graph_clear(&g);
    for (uint32_t i = 0; i < g.count && !kind->flips; i++)
        g.nodes[i].reached = *g.nodes[i].state == g.f.heap.numbers->mark;
    for (size_t i = 0; i < cycle.roots.data.count; i++)
        graph_reach(&g, (uintptr_t *)cycle.roots.data.ranges[i].low,
                    (uintptr_t *)cycle.roots.data.ranges[i].high);
    graph_reach_manual(&g);
    run(kind);
    graph_compare(&g);
    graph_forget(&g);
    for (uint32_t i = 0; i < g.count; i++)
        bytes += g.nodes[i].size;
    ck_assert_uint_eq(g.f.heap.numbers->live_objects, g.count);
    ck_assert_uint_eq(g.f.heap.numbers->live_bytes, bytes);
}

START_TEST(kinds_in_turn)
{
    start();
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    for (int i = 0; i < 24; i++) {
        const struct cycle_kind *kind = i % 4 ? &sticky : &cycle_full;
        graph_grow(&g);
        name_roots(g.roots, GRAPH_ROOTS);
        if (!kind->flips)
            name_written();
        check_graph(kind);
    }
}
END_TEST

/* ---- Phases --------------------------------------------------------------------------------- */

static enum phase_rank ran[PHASE_RANKS];
static unsigned ran_count;
static uint8_t *watched; /* the state of a manual object */
static bool was_marked[PHASE_RANKS];

static void note(enum phase_rank rank)
{
    was_marked[rank] = *watched == g.f.heap.numbers->mark;
    ran[ran_count++] = rank;
}

static void find(struct cycle *c)
{
    ck_assert_ptr_eq(c, &cycle);
    note(PHASE_LEAKS);
}

static void finalize(struct cycle *c)
{
    (void)c;
    note(PHASE_FINALIZERS);
}

static void look(struct cycle *c)
{
    (void)c;
    note(PHASE_CHECK);
}

/* They run once each, by rank and not in the order in which they came. */
START_TEST(phases_by_rank)
{
    static struct phase phases[] = {
        {.rank = PHASE_CHECK, .run = look},
        {.rank = PHASE_FINALIZERS, .run = finalize},
        {.rank = PHASE_LEAKS, .run = find},
    };
    start();
    world_lock();
    for (unsigned i = 0; i < COUNT_OF(phases); i++)
        phase_add(&phases[i]);
    phase_add(&phases[0]);
    world_unlock();
    prepare();
    watched = state_of(&g.f, fixture_alloc(&g.f, KIND_MANUAL, 64));
    run(&cycle_full);
    ck_assert_uint_eq(ran_count, 3);
    ck_assert_int_eq(ran[0], PHASE_LEAKS);
    ck_assert_int_eq(ran[1], PHASE_FINALIZERS);
    ck_assert_int_eq(ran[2], PHASE_CHECK);
    ck_assert(!was_marked[PHASE_LEAKS]);
    ck_assert(was_marked[PHASE_FINALIZERS]);
}
END_TEST

enum { TREE_DEPTH = 16, TREE_NODES = (1 << (TREE_DEPTH + 1)) - 1 };

static void **tree_here(int depth)
{
    void **node = fixture_alloc(&g.f, KIND_SCANNED, 32);
    node[0] = depth ? tree_here(depth - 1) : NULL;
    node[1] = depth ? tree_here(depth - 1) : NULL;
    return node;
}

static void **tree_there(int depth)
{
    void **node = gc_alloc(32);
    node[0] = depth ? tree_there(depth - 1) : NULL;
    node[1] = depth ? tree_there(depth - 1) : NULL;
    return node;
}

/* Cycles of two heaps in turn, with the workers' help. */
START_TEST(workers_serve_any_heap)
{
    static void **here[1], **there[1];
    start();
    ck_assert_int_eq(gc_option_set("markers", "4"), 0);
    ck_assert_int_eq(gc_root_add(there, there + 1), 0);
    gc_disable();
    here[0] = tree_here(TREE_DEPTH);
    there[0] = tree_there(TREE_DEPTH);
    for (int i = 0; i < 10; i++) {
        tree_here(4);
        name_roots((uintptr_t *)here, 1);
        run(&cycle_full);
        ck_assert_uint_eq(g.f.heap.numbers->live_objects, TREE_NODES);
        tree_there(4);
        collector_run(&process_collector, CAUSE_REQUEST);
        ck_assert_uint_ge(process_heap.numbers->live_objects, TREE_NODES);
        ck_assert_uint_lt(process_heap.numbers->live_objects, TREE_NODES + 1000);
    }
}
END_TEST

/* The cycles of this heap leave the thread's cache of the other one alone. */
START_TEST(caches_of_another_heap)
{
    start();
    gc_free(gc_alloc(48));
    uint32_t held = cache_check(thread_self->cache);
    ck_assert_uint_gt(held, 0);
    cycle.cause = CAUSE_REQUEST;
    run(&cycle_full);
    run(&sticky);
    ck_assert_uint_eq(cache_check(thread_self->cache), held);
    collector_run(&process_collector, CAUSE_REQUEST);
    ck_assert_uint_eq(cache_check(thread_self->cache), 0);
}
END_TEST

TCase *cycle_tests(void)
{
    TCase *t = tcase_create("cycle");
    tcase_add_test(t, sticky_marks);
    tcase_add_test(t, sticky_cycle_is_verified);
    tcase_add_test(t, kinds_in_turn);
    tcase_add_test(t, phases_by_rank);
    tcase_add_test(t, workers_serve_any_heap);
    tcase_add_test(t, caches_of_another_heap);
    return t;
}
