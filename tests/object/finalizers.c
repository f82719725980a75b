/* gc_finalizer_set and its like: what is registered, replaced and taken back, what becomes of it when
 * the object is freed or resized by hand, what `data` keeps, and what is an error. */
#include "object.h"

#include <errno.h>

#include "witness.h"

static void never(void *object, void *data)
{
    (void)object;
    (void)data;
    ck_abort_msg("it was taken back");
}

static uintptr_t hidden[16]; /* objects of a test, by its own numbers */
static size_t calls;
static void *last_data;

static void count_call(void *object, void *data)
{
    ck_assert_ptr_nonnull(object);
    calls++;
    last_data = data;
}

/* ---- Setting, replacing, taking back ------------------------------------------------------- */

static void register_and_forget(void *unused)
{
    void *object = gc_alloc(32), *data = NULL;
    (void)unused;
    errno = 0;
    ck_assert(gc_finalizer_get(object, NULL) == NULL);
    ck_assert(gc_finalizer_set(object, NULL, NULL) == NULL);
    ck_assert(gc_finalizer_set(object, never, &errno) == NULL);
    ck_assert(gc_finalizer_get(object, &data) == never);
    ck_assert_ptr_eq(data, &errno);
    ck_assert(gc_finalizer_set(object, count_call, &calls) == never);
    ck_assert(gc_finalizer_get(object, &data) == count_call);
    ck_assert_ptr_eq(data, &calls);
    ck_assert(gc_finalizer_set(object, NULL, &calls) == count_call);
    ck_assert(gc_finalizer_get(object, &data) == NULL);
    ck_assert_ptr_null(data);
    ck_assert_int_eq(errno, 0);
}

START_TEST(taken_back)
{
    deeply(register_and_forget, NULL);
    collect(1);
    ck_assert_uint_eq(run_ready(), 0);
    ck_assert_uint_eq(calls, 0);
}
END_TEST

static void register_twice(void *unused)
{
    void *object = gc_alloc(32);
    (void)unused;
    hidden[0] = hide(object);
    ck_assert(gc_finalizer_set_with(object, never, NULL, GC_UNORDERED) == NULL);
    ck_assert(gc_finalizer_set(object, count_call, &hidden) == never);
}

/* The last one counts, and is called once. */
START_TEST(replaced)
{
    deeply(register_twice, NULL);
    collect(1);
    ck_assert_uint_eq(count_living(hidden, 1), 1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(calls, 1);
    ck_assert_ptr_eq(last_data, (void *)&hidden);
    collect(1);
    ck_assert_uint_eq(run_ready(), 0);
    ck_assert_uint_eq(count_living(hidden, 1), 0);
}
END_TEST

static void set_on_all_kinds(void *unused)
{
    static const size_t sizes[] = {0, 1, 16, 100, 5000, 40000, 300000, 2 << 20};
    (void)unused;
    for (size_t i = 0; i < 8; i++) {
        void *object = i % 2 ? gc_alloc(sizes[i]) : gc_alloc_atomic(sizes[i]);
        hidden[2 * i] = hide(object);
        ck_assert(gc_finalizer_set(object, count_call, NULL) == NULL);
        object = gc_alloc_manual(sizes[i]);
        hidden[2 * i + 1] = hide(object);
        ck_assert(gc_finalizer_set(object, never, NULL) == NULL);
    }
}

START_TEST(of_all_sizes_and_kinds)
{
    deeply(set_on_all_kinds, NULL);
    collect(1);
    ck_assert_uint_eq(run_ready(), 8);
    ck_assert_uint_eq(calls, 8);
    collect(1);
    ck_assert_uint_eq(run_ready(), 0);
    ck_assert_uint_eq(count_living(hidden, 16), 8);
    for (size_t i = 1; i < 16; i += 2)
        gc_free(reveal(hidden[i]));
    collect(1);
    ck_assert_uint_eq(run_ready(), 0);
    ck_assert_uint_eq(calls, 8);
}
END_TEST

/* ---- Errors ---------------------------------------------------------------------------------- */

static void expect_invalid(void *object, unsigned flags)
{
    void *data = &calls;
    errno = 0;
    ck_assert(gc_finalizer_set_with(object, count_call, NULL, flags) ==
              GC_FINALIZER_ERROR);
    ck_assert_int_eq(errno, EINVAL);
    if (flags)
        return;
    errno = 0;
    ck_assert(gc_finalizer_get(object, &data) == GC_FINALIZER_ERROR);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_eq(data, &calls);
}

START_TEST(bad_arguments)
{
    char *object = gc_alloc(64), *freed = gc_alloc(64);
    gc_free(freed);
    expect_invalid(NULL, 0);
    expect_invalid(&calls, 0);
    expect_invalid(object + 8, 0);
    expect_invalid(freed, 0);
    expect_invalid((void *)~(uintptr_t)7, 0);
    expect_invalid(object, 2);
    expect_invalid(object, ~0u);
    ck_assert(gc_finalizer_get(object, NULL) == NULL);
    ck_assert_uint_eq(gc_finalizers_ready(), 0);
    gc_retain_until(object);
}
END_TEST

static void *called_back;
static int refusals;

static void call_in_pause(void *unused)
{
    (void)unused;
    errno = 0;
    refusals += gc_finalizer_set(called_back, never, NULL) == GC_FINALIZER_ERROR &&
                errno == EBUSY;
    errno = 0;
    refusals +=
        gc_finalizer_get(called_back, NULL) == GC_FINALIZER_ERROR && errno == EBUSY;
    errno = 0;
    refusals += !gc_guardian_new() && errno == EBUSY;
    errno = 0;
    refusals +=
        gc_hook_add(GC_AFTER_COLLECTION, call_in_pause, NULL) == -1 && errno == EBUSY;
    errno = 0;
    refusals +=
        gc_hook_remove(GC_AFTER_COLLECTION, call_in_pause, NULL) == -1 && errno == EBUSY;
    gc_finalizers_notify(call_in_pause, NULL);
    gc_external_add(1);
    gc_external_sub(1);
    refusals += gc_finalizers_run() == 0 && gc_finalizers_ready() == 0;
}

START_TEST(in_a_root_callback)
{
    called_back = gc_alloc(16);
    ck_assert_int_eq(gc_root_callback_add(call_in_pause, NULL), 0);
    gc_collect();
    ck_assert_int_eq(gc_root_callback_remove(call_in_pause, NULL), 0);
    ck_assert_int_eq(refusals, 6);
    ck_assert(gc_finalizer_get(called_back, NULL) == NULL);
}
END_TEST

/* ---- Freed and resized by hand --------------------------------------------------------------- */

static void free_node(void *letter)
{
    gc_free(node_of(*(char *)letter));
}

START_TEST(freed_before)
{
    char letter = 'a';
    graph_make("", "ab", "");
    deeply(free_node, &letter);
    expect_round("b");
    expect_round("");
}
END_TEST

START_TEST(freed_while_ready)
{
    char letter = 'a';
    graph_make("", "ab", "");
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), 2);
    deeply(free_node, &letter);
    ck_assert_uint_eq(gc_finalizers_ready(), 1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_str_eq(witnessed(), "b");
    expect_round("");
}
END_TEST

struct resizing {
    size_t from, to;
    bool atomic;
};

static void *make_sized(size_t size, bool atomic)
{
    void *object = atomic ? gc_alloc_atomic(size) : gc_alloc(size);
    ck_assert_ptr_nonnull(object);
    write_pattern(object, size, size);
    return object;
}

static size_t resized_size;

static void see_resized(void *object, void *data)
{
    size_t kept = (size_t)(uintptr_t)data;
    ck_assert_uint_ge(gc_usable_size(object), resized_size);
    ck_assert(has_pattern(object, kept, kept));
    ck_assert_ptr_eq(object, reveal(hidden[0]));
    calls++;
}

static void resize(void *argument)
{
    const struct resizing *r = argument;
    void *object = make_sized(r->from, r->atomic), *data = NULL;
    void *kept = (void *)(uintptr_t)(r->from < r->to ? r->from : r->to);
    write_pattern(object, r->from, (size_t)(uintptr_t)kept);
    ck_assert(gc_finalizer_set(object, see_resized, kept) == NULL);
    void *moved = gc_realloc(object, r->to);
    ck_assert_ptr_nonnull(moved);
    hidden[0] = hide(moved);
    resized_size = r->to;
    ck_assert(gc_finalizer_get(moved, &data) == see_resized);
    ck_assert_ptr_eq(data, kept);
}

/* What comes to have its address has no finalizer. */
static void free_resized(void *unused)
{
    void *freed = reveal(hidden[0]);
    (void)unused;
    gc_free(freed);
    for (int i = 0; i < (resized_size < 1 << 20 ? 100 : 2); i++) {
        void *next = gc_alloc(resized_size);
        ck_assert(gc_finalizer_get(next, NULL) == NULL);
        if (next == freed)
            break;
    }
}

static const struct resizing resizings[] = {
    {24, 30, false},          {24, 1000, false},       {1000, 24, false},
    {100, 40000, true},       {40000, 100, true},      {100, 700000, false},
    {700000, 100, false},     {700000, 800000, false}, {1 << 20, 64 << 20, false},
    {64 << 20, 1 << 20, true}};

enum { RESIZINGS = sizeof resizings / sizeof resizings[0] };

/* The finalizer goes along, and is called once, with the new address. */
START_TEST(resized)
{
    struct resizing r = resizings[_i];
    deeply(resize, &r);
    collect(1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(calls, 1);
    collect(1);
    ck_assert_uint_eq(run_ready(), 0);
    ck_assert_uint_eq(count_living(hidden, 1), 0);
}
END_TEST

/* Nor is it forgotten where it is now: who frees it there takes the finalizer away. */
START_TEST(resized_and_freed)
{
    struct resizing r = resizings[_i];
    deeply(resize, &r);
    deeply(free_resized, NULL);
    collect(2);
    ck_assert_uint_eq(run_ready(), 0);
}
END_TEST

static void resize_ready(void *unused)
{
    (void)unused;
    void *moved = gc_realloc(reveal(hidden[0]), 5000);
    ck_assert_ptr_nonnull(moved);
    hidden[0] = hide(moved);
    resized_size = 5000;
}

static void check_moved(void *object, void *data)
{
    ck_assert_ptr_eq(object, reveal(hidden[0]));
    ck_assert_ptr_eq(data, (char *)object + 24);
    calls++;
}

/* A part of the object as the finalizer's data moves along with the object. */
static void move_with_data(void *unused)
{
    char *object = gc_alloc(100);
    void *data;
    (void)unused;
    ck_assert(gc_finalizer_set(object, check_moved, object + 24) == NULL);
    char *moved = gc_realloc(object, 100000);
    ck_assert_ptr_nonnull(moved);
    ck_assert(gc_finalizer_get(moved, &data) == check_moved);
    ck_assert_ptr_eq(data, moved + 24);
    hidden[0] = hide(moved);
}

START_TEST(resized_with_data_inside)
{
    calls = 0;
    deeply(move_with_data, NULL);
    collect(1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(resized_while_ready)
{
    deeply(resize, &(struct resizing){100, 200, false});
    collect(1);
    deeply(resize_ready, NULL);
    collect(2);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(calls, 1);
}
END_TEST

/* ---- What `data` keeps ----------------------------------------------------------------------- */

static void see_data(void *object, void *data)
{
    const struct node *n = object;
    bool reached = data && has_pattern(data, 48, 7);
    ck_assert_msg(reached, "what data points to is not what it was");
    ck_assert(has_pattern(n->pattern, sizeof n->pattern, n->letter));
    calls++;
}

static void set_with_data(void *unused)
{
    (void)unused;
    struct node *n = node_new('a');
    void *data = gc_alloc(48);
    write_pattern(data, 48, 7);
    hidden[0] = hide(data);
    gc_finalizer_set(n, see_data, data);
    kept_nodes[0] = n;
}

/* It is not said elsewhere that the object needs it. */
START_TEST(data_of_a_living_object)
{
    deeply(set_with_data, NULL);
    collect(COLLECTIONS);
    expect_living("a");
    ck_assert_uint_eq(count_living(hidden, 1), 1);
    kept_nodes[0] = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(hidden, 1), 1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(calls, 1);
    collect(1);
    ck_assert_uint_eq(count_living(hidden, 1), 0);
}
END_TEST

static void put_before(void *unused)
{
    struct node *n = node_new('x');
    (void)unused;
    n->to[0] = node_of('a');
    gc_finalizer_set(n, witness, NULL);
    kept_nodes[0] = NULL;
}

/* The object is reached by another one that is finalised first. */
START_TEST(data_of_one_that_waits)
{
    deeply(set_with_data, NULL);
    deeply(put_before, NULL);
    collect(3);
    ck_assert_uint_eq(gc_finalizers_ready(), 1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_str_eq(witnessed(), "x");
    collect(1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(calls, 1);
}
END_TEST

static void set_each_others(void *unused)
{
    (void)unused;
    gc_finalizer_set(node_of('a'), witness, node_of('b'));
}

/* The data of one is finalised after it. */
START_TEST(data_with_a_finalizer)
{
    graph_make("", "ab", "");
    deeply(set_each_others, NULL);
    expect_round("a");
    expect_round("b");
    expect_round("");
    expect_gone("ab");
}
END_TEST

static void set_with_itself(void *unused)
{
    (void)unused;
    gc_finalizer_set(node_of('a'), witness, node_of('a'));
    gc_finalizer_set(node_of('b'), witness, (char *)node_of('b') + 8);
    gc_finalizer_set_with(node_of('c'), witness, node_of('c'), GC_UNORDERED);
}

START_TEST(data_is_the_object)
{
    graph_make("", "abc", "");
    deeply(set_with_itself, NULL);
    expect_round("abc");
    expect_round("");
    expect_gone("abc");
}
END_TEST

static void take_data_back(void *unused)
{
    (void)unused;
    gc_finalizer_set(kept_nodes[0], NULL, NULL);
}

START_TEST(data_goes_with_the_finalizer)
{
    deeply(set_with_data, NULL);
    deeply(take_data_back, NULL);
    collect(1);
    ck_assert_uint_eq(count_living(hidden, 1), 0);
    expect_living("a");
}
END_TEST

TCase *finalizers_case(void)
{
    TCase *tc = tcase_create("finalizers");
    tcase_add_test(tc, taken_back);
    tcase_add_test(tc, replaced);
    tcase_add_test(tc, of_all_sizes_and_kinds);
    tcase_add_test(tc, bad_arguments);
    tcase_add_test(tc, in_a_root_callback);
    tcase_add_test(tc, freed_before);
    tcase_add_test(tc, freed_while_ready);
    tcase_add_loop_test(tc, resized, 0, RESIZINGS);
    tcase_add_loop_test(tc, resized_and_freed, 0, RESIZINGS);
    tcase_add_test(tc, resized_while_ready);
    tcase_add_test(tc, resized_with_data_inside);
    tcase_add_test(tc, data_of_a_living_object);
    tcase_add_test(tc, data_of_one_that_waits);
    tcase_add_test(tc, data_with_a_finalizer);
    tcase_add_test(tc, data_is_the_object);
    tcase_add_test(tc, data_goes_with_the_finalizer);
    return tc;
}
