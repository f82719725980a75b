/* The second opinion: it agrees with what is right, and aborts on what is not. */
#include "collect/verify.h"

#include "base/os.h"
#include "graph.h"

static struct graph g;
static uintptr_t stack_words[2], callback_words[2];
static struct cycle_roots roots;

static void list(struct range_list *l, const uintptr_t *low, size_t count)
{
    range_list_clear(l);
    range_list_add(l, (uintptr_t)low, (uintptr_t)(low + count));
}

/* A heap in which each object has the state that marking should give it. */
static void start(void)
{
    fixture_create(&g.f);
    graph_grow(&g);
    list(&roots.stacks, stack_words, COUNT_OF(stack_words));
    list(&roots.data, g.roots, GRAPH_ROOTS);
    list(&roots.named, callback_words, COUNT_OF(callback_words));
    g.f.heap.numbers->mark = STATE_MARK_B;
}

static void mark(void)
{
    graph_clear(&g);
    graph_reach(&g, stack_words, stack_words + COUNT_OF(stack_words));
    graph_reach(&g, g.roots, g.roots + GRAPH_ROOTS);
    graph_reach(&g, callback_words, callback_words + COUNT_OF(callback_words));
    graph_reach_manual(&g);
    for (uint32_t i = 0; i < g.count; i++)
        *g.nodes[i].state = g.nodes[i].reached ? STATE_MARK_B : STATE_NEW;
}

/* With an argument, marks may be too many. */
static void verify(void *argument)
{
    lock_check_all(true); /* the heap is the test's own */
    verify_marks(&g.f.heap, &roots, argument == NULL);
    lock_check_all(false);
}

static struct node *some_node(bool reached)
{
    for (;;) {
        struct node *n = &g.nodes[roll(g.count)];
        if (n->reached == reached)
            return n;
    }
}

START_TEST(agrees_with_right_marks)
{
    start();
    for (int i = 0; i < 10; i++) {
        g.roots[roll(GRAPH_ROOTS)] = some_node(false)->low;
        stack_words[roll(2)] = some_node(false)->low + 1; /* at the end of none */
        callback_words[roll(2)] = some_node(false)->low;
        mark();
        verify(NULL);
    }
}
END_TEST

START_TEST(missing_mark)
{
    start();
    mark();
    *some_node(true)->state = _i ? STATE_MARK_A : STATE_NEW;
    expect_abort(verify, NULL, "and is reachable\n");
    expect_abort(verify, &g, "and is reachable\n");
}
END_TEST

START_TEST(mark_too_many)
{
    start();
    mark();
    *some_node(false)->state = STATE_MARK_B;
    expect_abort(verify, NULL, "and is not reachable\n");
    verify(&g);
}
END_TEST

/* An object that nothing else reaches. */
static void *new_object(enum kind kind, size_t size)
{
    void *object = fixture_alloc(&g.f, kind, size);
    ck_assert_ptr_nonnull(object);
    return object;
}

/* Each list of roots is looked at. */
START_TEST(every_list_counts)
{
    start();
    g.roots[0] = 0;
    mark();
    uintptr_t *const words[] = {g.roots, stack_words, callback_words};
    *words[_i] = (uintptr_t)new_object(KIND_SCANNED, 200000) + 50000;
    expect_abort(verify, NULL, "(200704 bytes, kind 0) has state 2 and is reachable\n");
}
END_TEST

START_TEST(manual_objects_count)
{
    start();
    mark();
    new_object(_i ? KIND_MANUAL : KIND_MANUAL_ATOMIC, 200000);
    expect_abort(verify, NULL, "has state 2 and is reachable\n");
}
END_TEST

START_TEST(end_pointers_on_stacks_count)
{
    start();
    mark();
    void *object = new_object(KIND_ATOMIC, 128);
    stack_words[0] = (uintptr_t)object + 128;
    expect_abort(verify, NULL, "(128 bytes, kind 1) has state 2 and is reachable\n");
    stack_words[0] = 0;
    g.roots[0] = 0;
    mark();
    g.roots[0] = (uintptr_t)object + 128;
    *state_of(&g.f, object) = STATE_MARK_B;
    expect_abort(verify, NULL, "(128 bytes, kind 1) has state 4 and is not reachable\n");
}
END_TEST

START_TEST(no_memory_is_said)
{
    start();
    mark();
    *some_node(true)->state = STATE_NEW;
    log_capture();
    os_fail(1, true);
    verify(NULL);
    os_fail(0, false);
    ck_assert_str_eq(logged(), "gcalloc: verify: no memory for the naive marker; this "
                               "collection goes unchecked\n");
}
END_TEST

TCase *verify_tests(void)
{
    TCase *t = tcase_create("verify");
    tcase_add_test(t, agrees_with_right_marks);
    tcase_add_loop_test(t, missing_mark, 0, 2);
    tcase_add_test(t, mark_too_many);
    tcase_add_loop_test(t, every_list_counts, 0, 3);
    tcase_add_loop_test(t, manual_objects_count, 0, 2);
    tcase_add_test(t, end_pointers_on_stacks_count);
    tcase_add_test(t, no_memory_is_said);
    return t;
}
