/* The order of finalizers: an object before what it points to, and circles only without order. */
#include <gcalloc/weak.h>

#include "object.h"
#include "witness.h"

static const struct {
    const char *edges, *ordered, *unordered, *rounds, *left;
    size_t named; /* circles in the log */
} graphs[] = {
    {"ab bc cd", "abcd", "", "a|b|c|d", "", 0},
    {"dc cb ba", "abcd", "", "d|c|b|a", "", 0},
    {"ab ac bd cd", "abcd", "", "a|bc|d", "", 0},
    {"", "abc", "", "abc", "", 0},
    {"ax xb", "ab", "", "a|b", "", 0}, /* by one without a finalizer */
    {"ax bx", "abx", "", "ab|x", "", 0},
    /* Nobody points to the finalizable one; others are in a circle. */
    {"xy yx ax", "a", "", "a", "", 0},
    /* To itself. */
    {"aa", "a", "", "a", "", 0},
    {"aa ab bb", "ab", "", "a|b", "", 0},
    {"aa", "", "a", "a", "", 0},
    /* Circles. */
    {"ab ba", "ab", "", "", "ab", 1},
    {"ax xa", "a", "", "", "ax", 1},
    {"ab bc ca", "abc", "", "", "abc", 1},
    {"ab ba cd dc", "abcd", "", "", "abcd", 2},
    {"ab ba bc cb", "abc", "", "", "abc", 1},
    /* Circles that lead to chains, and chains that lead to circles. */
    {"ab ba bc cd", "abcd", "", "", "abcd", 1},
    {"ab bc ca xa yx", "abcxy", "", "y|x", "abc", 1},
    {"ab ba xa xy", "abxy", "", "x|y", "ab", 1},
    /* Without order: all at once. */
    {"ab ba", "", "ab", "ab", "", 0},
    {"ab bc cd da", "", "abcd", "abcd", "", 0},
    {"ab bc cd", "", "abcd", "abcd", "", 0},
    {"ab ba bc cd", "cd", "ab", "ab|c|d", "", 0},
    {"ca ab ba", "c", "ab", "abc", "", 0},
    {"ab bc ca", "ab", "c", "c", "abc", 1}, /* a still leads to itself, by c */
    /* One without order, of what has an order. */
    {"ab bc", "ac", "b", "ab|c", "", 0},
};

enum { GRAPHS = sizeof graphs / sizeof graphs[0] };

START_TEST(rounds)
{
    log_begin();
    check_graph(graphs[_i].edges, graphs[_i].ordered, graphs[_i].unordered,
                graphs[_i].rounds, graphs[_i].left);
    ck_assert_uint_eq(log_count("reaches itself"), graphs[_i].named);
    ck_assert_uint_eq(log_count(""), graphs[_i].named);
}
END_TEST

/* What waits to be finalised leads to a circle: that is named once all the same. */
START_TEST(circle_behind_what_waits)
{
    log_begin();
    graph_make("xa ab ba", _i ? "abx" : "xab", "");
    collect(4);
    ck_assert_uint_eq(gc_finalizers_ready(), 1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_str_eq(witnessed(), "x");
    collect(4);
    expect_living("ab");
    ck_assert_uint_eq(log_count("reaches itself"), 1);
}
END_TEST

/* Where the one that is named was allocated stands below its line, if that was recorded. */
START_TEST(circle_with_its_stack)
{
    ck_assert_int_eq(gc_option_set("stacks", "1"), 0);
    log_begin();
    graph_make("ab bc ca", "ac", "");
    collect(3);
    ck_assert_uint_eq(log_count("reaches itself"), 1);
    ck_assert_uint_eq(log_count("  allocated by"), 1);
    ck_assert_uint_eq(log_count("#0 "), 1);
    ck_assert_uint_eq(log_count(" graph_make "), 1);
}
END_TEST

static void cut(void *unused)
{
    (void)unused;
    node_of('b')->to[0] = NULL;
}

/* A circle that is opened has an order. */
START_TEST(opened_circle)
{
    graph_make("ab ba", "ab", "");
    expect_round("");
    deeply(cut, NULL);
    expect_round("a");
    expect_round("b");
    expect_round("");
    expect_gone("ab");
}
END_TEST

static void make_unordered(void *unused)
{
    (void)unused;
    ck_assert(gc_finalizer_set_with(node_of('a'), witness, NULL, GC_UNORDERED) ==
              witness);
    ck_assert(gc_finalizer_set_with(node_of('b'), witness, NULL, GC_UNORDERED) ==
              witness);
}

START_TEST(circle_loses_its_order)
{
    graph_make("ab ba", "ab", "");
    expect_round("");
    deeply(make_unordered, NULL);
    expect_round("ab");
    expect_round("");
    expect_gone("ab");
}
END_TEST

/* Nothing more is finalised while the first of a chain waits, and all stays as it is. */
START_TEST(chain_that_nobody_runs)
{
    graph_make("ab bc", "abc", "");
    collect(5);
    ck_assert_uint_eq(gc_finalizers_ready(), 1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_str_eq(witnessed(), "a");
    expect_round("b");
    expect_round("c");
}
END_TEST

static void give_data(void *unused)
{
    (void)unused;
    ck_assert_ptr_null(gc_finalizer_set(node_of('b'), witness, node_of('c')));
    ck_assert_ptr_null(gc_finalizer_set(node_of('c'), witness, NULL));
}

/* What one that waits is to be called with waits as well. */
START_TEST(data_of_what_waits)
{
    graph_make("ab cd", "a", "");
    deeply(give_data, NULL);
    expect_round("a");
    expect_round("b");
    expect_round("c");
    expect_round("");
    expect_gone("abcd");
}
END_TEST

static void lead_back(void *unordered)
{
    unsigned flags = *(bool *)unordered ? GC_UNORDERED : 0;
    ck_assert(gc_finalizer_set_with(node_of('a'), witness, node_of('b'), flags) ==
              witness);
}

/* As if the object pointed to it: a circle with order, and none without. */
START_TEST(data_that_leads_back)
{
    bool unordered = _i;
    log_begin();
    graph_make("ba", "a", "");
    deeply(lead_back, &unordered);
    expect_round(unordered ? "a" : "");
    expect_round("");
    if (unordered)
        expect_gone("ab");
    else
        expect_living("ab");
    ck_assert_uint_eq(log_count("reaches itself"), !unordered);
}
END_TEST

static gc_ephemeron *volatile ephemeron; /* a root, though nobody reads it */

static void make_ephemeron(void *unused)
{
    (void)unused;
    ephemeron = gc_ephemeron_new(node_of('k'), node_of('v'));
    ck_assert_ptr_nonnull(ephemeron);
}

/* What lives with a key that one to be finalised leads to is led to, too. */
START_TEST(values_of_keys_that_are_reached)
{
    graph_make("ak vw", "av", "");
    deeply(make_ephemeron, NULL);
    expect_round("a");
    expect_round("v");
    expect_round("");
    expect_gone("akvw");
}
END_TEST

TCase *order_case(void)
{
    TCase *tc = tcase_create("order");
    tcase_add_loop_test(tc, rounds, 0, GRAPHS);
    tcase_add_loop_test(tc, circle_behind_what_waits, 0, 2);
    tcase_add_test(tc, circle_with_its_stack);
    tcase_add_test(tc, opened_circle);
    tcase_add_test(tc, circle_loses_its_order);
    tcase_add_test(tc, chain_that_nobody_runs);
    tcase_add_test(tc, data_of_what_waits);
    tcase_add_loop_test(tc, data_that_leads_back, 0, 2);
    tcase_add_test(tc, values_of_keys_that_are_reached);
    return tc;
}
