/* Guardians: what they hand out, when, how often, and what becomes of it where they or it end. */
#include "object.h"

#include <errno.h>

#include "witness.h"

static gc_guardian *guardians[3]; /* a root */
static uintptr_t hidden_guardians[3];

static void make_guardians(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        guardians[i] = gc_guardian_new();
        ck_assert_ptr_nonnull(guardians[i]);
        hidden_guardians[i] = hide(guardians[i]);
    }
}

static gc_guardian *guardian_of(int i)
{
    return reveal(hidden_guardians[i]);
}

static int by; /* the guardian that guards, for the functions below */

static void guard(void *letters)
{
    for (const char *l = letters; *l; l++)
        ck_assert_int_eq(gc_guardian_add(guardian_of(by), node_of(*l)), 0);
}

static void guard_by(int guardian, const char *letters)
{
    char copy[NODES + 1];
    strcpy(copy, letters);
    by = guardian;
    deeply(guard, copy);
}

static void fetch(void *unused)
{
    struct node *n;
    (void)unused;
    while ((n = gc_guardian_get(guardian_of(by))))
        witness(n, NULL);
}

/* What the guardian has to hand out is just that. */
static void expect_fetched(int guardian, const char *letters)
{
    by = guardian;
    deeply(fetch, NULL);
    ck_assert_str_eq(witnessed(), letters);
}

static void begin(const char *edges, const char *ordered, const char *unordered)
{
    deeply(make_guardians, NULL);
    graph_make(edges, ordered, unordered);
}

static void keep_node(void *letter)
{
    kept_nodes[0] = node_of(*(char *)letter);
}

START_TEST(handed_out)
{
    char letter = 'c';
    begin("ab cc", "", "");
    deeply(keep_node, &letter);
    guard_by(0, "ac");
    expect_fetched(0, "");
    collect(COLLECTIONS);
    expect_living("abc");
    expect_fetched(0, "a");
    expect_fetched(0, "");
    collect(1);
    expect_gone("ab");
    kept_nodes[0] = NULL;
    collect(2);
    expect_fetched(0, "c");
    collect(1);
    expect_gone("c");
}
END_TEST

/* There is no order among them. */
START_TEST(chains_and_circles)
{
    begin("ab bc de ed", "", "");
    guard_by(0, "abcde");
    collect(1);
    expect_fetched(0, "abcde");
    collect(1);
    expect_gone("abcde");
}
END_TEST

START_TEST(as_often_as_added)
{
    begin("ab", "", "");
    guard_by(0, "aab");
    guard_by(1, "a");
    collect(3);
    expect_fetched(1, "a");
    expect_fetched(0, "aab");
    collect(1);
    expect_gone("ab");
}
END_TEST

static void guard_among_others(void *unused)
{
    (void)unused;
    int failed = gc_guardian_add(guardian_of(0), node_of('a'));
    for (int i = 0; i < 2000; i++)
        failed |= gc_guardian_add(guardian_of(0), gc_alloc_atomic(16));
    failed |= gc_guardian_add(guardian_of(0), node_of('a'));
    ck_assert_int_eq(failed, 0);
}

static void fetch_among_others(void *times)
{
    void *object;
    while ((object = gc_guardian_get(guardian_of(0))))
        *(int *)times += object == reveal(nodes[0]);
}

/* However many others become unreachable with it. */
START_TEST(twice_among_many)
{
    int times = 0;
    begin("ab", "", "");
    deeply(guard_among_others, NULL);
    collect(1);
    deeply(fetch_among_others, &times);
    ck_assert_int_eq(times, 2);
}
END_TEST

static void guard_again(void *unused)
{
    (void)unused;
    ck_assert_int_eq(gc_guardian_add(guardian_of(0), gc_guardian_get(guardian_of(0))), 0);
}

START_TEST(added_again_once_handed_out)
{
    begin("aa", "", "");
    guard_by(0, "a");
    for (int i = 0; i < 10; i++) {
        collect(1);
        deeply(guard_again, NULL);
        expect_living("a");
    }
    collect(1);
    expect_fetched(0, "a");
    collect(1);
    expect_gone("a");
}
END_TEST

START_TEST(guardian_dies_before)
{
    begin("ab bc", "", "");
    guard_by(0, "ab");
    guard_by(1, "b");
    guardians[0] = NULL;
    collect(1);
    expect_gone("a");
    expect_living("bc");
    expect_fetched(1, "b");
    collect(1);
    expect_gone("bc");
    ck_assert_uint_eq(count_living(hidden_guardians, 1), 0);
}
END_TEST

START_TEST(guardian_dies_with_what_it_keeps)
{
    begin("ab", "", "");
    guard_by(0, "ab");
    collect(1);
    expect_living("ab");
    guardians[0] = NULL;
    collect(1);
    expect_gone("ab");
    ck_assert_uint_eq(count_living(hidden_guardians, 1), 0);
}
END_TEST

static void guard_a_guardian(void *unused)
{
    (void)unused;
    ck_assert_int_eq(gc_guardian_add(guardian_of(1), guardian_of(0)), 0);
    guardians[0] = NULL;
}

static void fetch_guardian(void *unused)
{
    (void)unused;
    guardians[0] = gc_guardian_get(guardian_of(1));
    ck_assert_ptr_eq(guardians[0], guardian_of(0));
    ck_assert_ptr_null(gc_guardian_get(guardian_of(1)));
}

/* Another one keeps it: so what it guards is handed out. */
START_TEST(guarded_guardian)
{
    begin("ab", "", "");
    guard_by(0, "a");
    deeply(guard_a_guardian, NULL);
    collect(2);
    expect_living("ab");
    deeply(fetch_guardian, NULL);
    collect(1);
    expect_fetched(0, "a");
    collect(1);
    expect_gone("ab");
}
END_TEST

static void guard_each_other(void *unused)
{
    (void)unused;
    ck_assert_int_eq(gc_guardian_add(guardian_of(0), guardian_of(1)), 0);
    ck_assert_int_eq(gc_guardian_add(guardian_of(1), guardian_of(0)), 0);
    guardians[0] = guardians[1] = NULL;
}

START_TEST(guardians_of_each_other)
{
    begin("", "", "");
    deeply(guard_each_other, NULL);
    collect(1);
    ck_assert_uint_eq(count_living(hidden_guardians, 3), 1);
}
END_TEST

static void free_guardian(void *unused)
{
    (void)unused;
    guardians[0] = NULL;
    gc_free(guardian_of(0));
}

START_TEST(freed_guardian)
{
    begin("ab", "", "");
    guard_by(0, "a");
    if (_i)
        collect(1);
    deeply(free_guardian, NULL);
    collect(1);
    expect_gone("ab");
    errno = 0;
    ck_assert_ptr_null(gc_guardian_get(guardian_of(0)));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

static void free_node(void *letter)
{
    gc_free(node_of(*(char *)letter));
}

START_TEST(freed_object)
{
    char letter = 'a';
    begin("ab", "", "");
    guard_by(0, "aab");
    guard_by(1, "a");
    if (_i)
        collect(1);
    deeply(free_node, &letter);
    collect(1);
    expect_fetched(1, "");
    expect_fetched(0, "b");
}
END_TEST

static void grow_node(void *letter)
{
    char l = *(char *)letter;
    struct node *n = gc_realloc(node_of(l), 5000);
    ck_assert_ptr_nonnull(n);
    nodes[l - 'a'] = hide(n);
}

START_TEST(resized_object)
{
    char letter = 'a';
    begin("ab", "", "");
    guard_by(0, "a");
    if (_i)
        collect(1);
    deeply(grow_node, &letter);
    collect(2);
    expect_living("ab");
    expect_fetched(0, "a");
    collect(1);
    expect_gone("ab");
}
END_TEST

static void grow_guardian(void *unused)
{
    (void)unused;
    guardians[0] = gc_realloc(guardian_of(0), 5000);
    ck_assert_ptr_nonnull(guardians[0]);
    hidden_guardians[0] = hide(guardians[0]);
}

/* It guards what it did, and what it kept already is there. */
START_TEST(resized_guardian)
{
    begin("ab", "", "");
    guard_by(0, "a");
    guard_by(1, "a");
    if (_i)
        collect(1);
    deeply(grow_guardian, NULL);
    collect(2);
    expect_living("ab");
    expect_fetched(0, "a");
    expect_fetched(1, "a");
    collect(1);
    expect_gone("ab");
}
END_TEST

/* The guardian is reached by nobody but the object that it guards: it goes with it. */
static void put_guardian_into(void *letter)
{
    node_of(*(char *)letter)->to[1] = (struct node *)guardian_of(0);
    guardians[0] = NULL;
}

START_TEST(guardian_in_what_it_guards)
{
    char letter = 'b';
    begin("ab", "", "");
    guard_by(0, "a");
    deeply(put_guardian_into, &letter);
    collect(1);
    expect_gone("ab");
    ck_assert_uint_eq(count_living(hidden_guardians, 1), 0);
}
END_TEST

static void witness_and_fetch(void *object, void *data)
{
    struct node *n = gc_guardian_get((gc_guardian *)((struct node *)object)->to[1]);
    ck_assert_ptr_null(data);
    ck_assert_ptr_nonnull(n);
    witness(n, NULL);
}

static void set_fetching(void *unused)
{
    (void)unused;
    gc_finalizer_set(node_of('x'), witness_and_fetch, NULL);
}

/* An object with a finalizer has the only pointer to a guardian: what that has found, it still has
 * when the finalizer runs. */
START_TEST(guardian_of_what_is_finalised)
{
    char letter = 'x';
    begin("ab xx", "", "");
    deeply(keep_node, &letter);
    guard_by(0, "a");
    if (_i)
        collect(1);
    deeply(set_fetching, NULL);
    deeply(put_guardian_into, &letter);
    kept_nodes[0] = NULL;
    collect(2);
    expect_living("abx");
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_str_eq(witnessed(), "a");
    collect(1);
    expect_gone("abx");
}
END_TEST

/* A finalizer, with order or without, sees the object and what it reaches before any guardian does. */
START_TEST(after_finalizers)
{
    begin("ab", _i ? "" : "a", _i ? "a" : "");
    guard_by(0, "ab");
    collect(1);
    expect_fetched(0, "");
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_str_eq(witnessed(), "a");
    collect(1);
    expect_fetched(0, "ab");
    collect(1);
    expect_gone("ab");
}
END_TEST

/* What is handed out finds what it points to as it was: the finalizer of that is still to come. */
START_TEST(before_the_finalizer_of_another)
{
    begin("ab", "b", "");
    guard_by(0, "a");
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), 0);
    expect_fetched(0, "a");
    expect_round("b");
    expect_round("");
}
END_TEST

START_TEST(errors)
{
    char *object = gc_alloc(40), *no_guardian = gc_alloc_atomic(16);
    memset(no_guardian, 0, 16);
    deeply(make_guardians, NULL);
    static const int none;
    void *bad_objects[] = {NULL, object + 8, (void *)(uintptr_t)&none};
    for (size_t i = 0; i < 3; i++) {
        errno = 0;
        ck_assert_int_eq(gc_guardian_add(guardians[0], bad_objects[i]), -1);
        ck_assert_int_eq(errno, EINVAL);
    }
    void *bad_guardians[] = {NULL, no_guardian, object, (char *)guardians[0] + 4};
    for (size_t i = 0; i < 4; i++) {
        errno = 0;
        ck_assert_int_eq(gc_guardian_add(bad_guardians[i], object), -1);
        ck_assert_int_eq(errno, EINVAL);
        errno = 0;
        ck_assert_ptr_null(gc_guardian_get(bad_guardians[i]));
        ck_assert_int_eq(errno, EINVAL);
    }
    errno = 0;
    ck_assert_ptr_null(gc_guardian_get(guardians[0]));
    ck_assert_int_eq(errno, 0);
}
END_TEST

/* In a search for leaks, what the program will be given is reached. */
static void hold_manual(void *unused)
{
    (void)unused;
    node_of('a')->to[1] = gc_alloc_manual(48);
}

START_TEST(no_leaks)
{
    begin("ab", _i == 2 ? "a" : "", _i == 3 ? "a" : "");
    ck_assert_int_eq(gc_option_set("log_file", "/dev/null"), 0);
    deeply(hold_manual, NULL);
    if (_i < 2)
        guard_by(0, "a");
    if (_i == 1)
        collect(1);
    ck_assert_uint_eq(gc_leak_check(), 0);
    expect_living("ab");
    if (_i < 2)
        guardians[0] = NULL;
    else
        ck_assert_uint_eq((collect(1), run_ready()), 1);
    ck_assert_uint_eq(gc_leak_check(), 1);
}
END_TEST

TCase *guardians_case(void)
{
    TCase *tc = tcase_create("guardians");
    tcase_add_test(tc, handed_out);
    tcase_add_test(tc, chains_and_circles);
    tcase_add_test(tc, as_often_as_added);
    tcase_add_test(tc, twice_among_many);
    tcase_add_test(tc, added_again_once_handed_out);
    tcase_add_test(tc, guardian_dies_before);
    tcase_add_test(tc, guardian_dies_with_what_it_keeps);
    tcase_add_test(tc, guarded_guardian);
    tcase_add_test(tc, guardians_of_each_other);
    tcase_add_loop_test(tc, freed_guardian, 0, 2);
    tcase_add_loop_test(tc, freed_object, 0, 2);
    tcase_add_loop_test(tc, resized_object, 0, 2);
    tcase_add_loop_test(tc, resized_guardian, 0, 2);
    tcase_add_test(tc, guardian_in_what_it_guards);
    tcase_add_loop_test(tc, guardian_of_what_is_finalised, 0, 2);
    tcase_add_loop_test(tc, after_finalizers, 0, 2);
    tcase_add_test(tc, before_the_finalizer_of_another);
    tcase_add_test(tc, errors);
    tcase_add_loop_test(tc, no_leaks, 0, 4);
    return tc;
}
