/* Counted objects: when they are destroyed, in which order, and how often. */
#include <errno.h>
#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "../api/sanitizer.h"
#include "witness.h"

enum { NAMES_MOST = 64 };

struct counted {
    struct counted *next, *other;
    char name;
};

static char names[NAMES_MOST + 1]; /* in the order in which they were destroyed */
static size_t destroyed;

static void end(void *object)
{
    struct counted *n = object;
    size_t number = __atomic_fetch_add(&destroyed, 1, __ATOMIC_RELAXED);
    if (number < NAMES_MOST)
        names[number] = n->name;
    gc_release(n->next);
    gc_release(n->other);
}

static void count_end(void *object)
{
    (void)object;
    destroyed++;
}

static struct counted *make(char name, unsigned flags)
{
    struct counted *n = gc_counted_new_with(sizeof *n, end, flags);
    if (!n || (uintptr_t)n % 16 != 0) /* an assertion of Check's is a system call */
        ck_abort_msg("a counted object at %p", (void *)n);
    n->name = name;
    return n;
}

static void expect_names(const char *expected)
{
    ck_assert_str_eq(names, expected);
    memset(names, 0, sizeof names);
    destroyed = 0;
}

static const unsigned all_flags[] = {0, GC_UNSHARED};

START_TEST(the_last_release_destroys)
{
    struct counted *a = make('a', all_flags[_i]);
    ck_assert_uint_eq(gc_counted_count(a), 1);
    ck_assert_ptr_eq(gc_retain(a), a);
    ck_assert_uint_eq(gc_counted_count(a), 2);
    gc_release(a);
    expect_names("");
    gc_release(a);
    expect_names("a");
    gc_release(NULL);
    ck_assert_ptr_null(gc_retain(NULL));
    ck_assert_uint_eq(gc_counted_count(&destroyed), 0);
}
END_TEST

/* What a destroy function releases comes after it, not inside of it. */
START_TEST(releases_follow)
{
    struct counted *a = make('a', all_flags[_i]), *b = make('b', 0), *c = make('c', 0);
    a->next = b;
    a->other = c;
    b->next = make('d', 0);
    c->next = gc_retain(b->next);
    gc_release(a);
    ck_assert(strcmp(names, "acbd") == 0 || strcmp(names, "abcd") == 0);
    ck_assert_uint_eq(destroyed, 4);
}
END_TEST

/* More than a stack has room for, if each took some of it; ThreadSanitizer makes an allocation forty times as
 * long. */
enum { LENGTH = UNDER_TSAN ? 500000 : 2000000 };

START_TEST(long_lists_need_no_stack)
{
    struct counted *list = NULL;
    for (int i = 0; i < LENGTH; i++) {
        struct counted *n = make('x', all_flags[_i]);
        n->next = list;
        list = n;
    }
    gc_release(list);
    ck_assert_uint_eq(destroyed, LENGTH);
}
END_TEST

static void make_circle(void *unused)
{
    struct counted *a = make('a', 0), *b = make('b', 0);
    (void)unused;
    a->next = b;
    b->next = gc_retain(a);
    b->other = make('c', 0);
    gc_release(a);
}

/* The circle is opened where it was found first; each goes once, and then the memory. */
START_TEST(circles_are_found)
{
    struct gc_stats stats = {.size = sizeof stats};
    deeply(make_circle, NULL);
    expect_names("");
    gc_collect();
    expect_names("");
    ck_assert_uint_eq(gc_finalizers_run(), 3);
    ck_assert_uint_eq(destroyed, 3);
    expect_names(names[0] == 'a' ? "abc" : names[0] == 'b' ? "bca" : "");
    ck_assert_uint_eq(gc_finalizers_run(), 0);
    collect(2);
    gc_stats_get(&stats);
    ck_assert_uint_eq(gc_finalizers_run(), 0);
    expect_names("");
}
END_TEST

static void make_forgotten(void *unused)
{
    struct counted *a = make('a', 0), *b = make('b', 0), *c = make('c', 0);
    (void)unused;
    a->next = b;
    b->next = c;
    gc_retain(b); /* nobody will release it */
}

/* What was forgotten goes from its beginning on, as it would have by counts. */
START_TEST(forgotten_ones_go_in_order)
{
    deeply(make_forgotten, NULL);
    gc_collect();
    ck_assert_uint_eq(gc_finalizers_run(), 3);
    expect_names("abc");
}
END_TEST

static void end_and_run(void *object)
{
    end(object);
    ck_assert_uint_eq(gc_finalizers_run(), 0);
}

static void release_one_that_runs(void *unused)
{
    struct counted *n = gc_counted_new(sizeof *n, end_and_run);
    (void)unused;
    n->name = 'r';
    n->next = make('s', 0);
    gc_release(n);
}

/* In a destroy function it is put off until what that has released is destroyed, too. */
START_TEST(forgotten_ones_wait_for_others)
{
    deeply(make_forgotten, NULL);
    gc_collect();
    deeply(release_one_that_runs, NULL);
    expect_names("rsabc");
    ck_assert_uint_eq(gc_finalizers_run(), 0);
}
END_TEST

enum { CHILDREN = 300000 };

static void end_children(void *object)
{
    void **children = object;
    destroyed++;
    for (size_t i = 0; i < CHILDREN; i++)
        gc_release(children[i]);
}

static void end_child(void *object)
{
    destroyed++;
    gc_release(*(void **)object);
}

static void make_large_circle(void *unused)
{
    void **parent = gc_counted_new(CHILDREN * sizeof *parent, end_children);
    (void)unused;
    for (size_t i = 0; i < CHILDREN; i++) {
        void **child = gc_counted_new(sizeof *child, end_child);
        *child = gc_retain(parent);
        parent[i] = child;
    }
    gc_release(parent);
}

/* A count of hundreds of thousands comes down while its object waits. */
START_TEST(large_circles_wait_for_others)
{
    deeply(make_large_circle, NULL);
    collect(2);
    deeply(release_one_that_runs, NULL);
    ck_assert_uint_eq(destroyed, CHILDREN + 1 + 2);
}
END_TEST

static uintptr_t hidden;
static gc_weak *weak;

static void make_weak(void *unused)
{
    struct counted *n = make('w', 0);
    (void)unused;
    weak = gc_weak_new(n);
    ck_assert_ptr_nonnull(weak);
    hidden = hide(n);
}

static void get_weak(void *living)
{
    ck_assert_ptr_eq(gc_weak_get(weak), *(bool *)living ? reveal(hidden) : NULL);
}

static void release_weak(void *unused)
{
    (void)unused;
    gc_release(reveal(hidden));
}

/* By its count, and by the collector. */
START_TEST(weak_references)
{
    bool living = true, dead = false;
    deeply(make_weak, NULL);
    deeply(get_weak, &living);
    if (_i) {
        deeply(release_weak, NULL);
        expect_names("w");
        deeply(get_weak, &dead);
    } else {
        gc_collect();
        deeply(get_weak, &dead);
        ck_assert_uint_eq(gc_finalizers_run(), 1);
        expect_names("w");
    }
}
END_TEST

static void *keep[1000];

static void collect_inside(void *object)
{
    gc_collect();
    for (int i = 0; i < 1000; i++)
        keep[i] = gc_alloc(sizeof(struct counted));
    end(object);
}

/* Each is released by its maker while another thread takes it from its weak reference. */
enum { TAKEN_ROUNDS = 2000 };
static gc_weak *volatile offered;
static size_t taken; /* atomic */

static void *take_often(void *argument)
{
    gc_weak *one;
    while ((one = __atomic_load_n(&offered, __ATOMIC_ACQUIRE)) != argument) {
        struct counted *n = gc_weak_retain(one);
        if (!n)
            continue;
        if (n->name != 't' || gc_counted_count(n) == 0)
            abort();
        __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
        gc_release(n);
    }
    return NULL;
}

START_TEST(weak_references_are_retained_beside_the_last_release)
{
    pthread_t thread;
    void *plain = gc_alloc(16);
    gc_weak *last = gc_weak_new(plain);
    ck_assert_int_eq(pthread_create(&thread, NULL, take_often, last), 0);
    size_t rounds = 0;
    for (; rounds < TAKEN_ROUNDS || (__atomic_load_n(&taken, __ATOMIC_RELAXED) < 10 &&
                                     rounds < 1000 * TAKEN_ROUNDS);
         rounds++) {
        struct counted *n = make('t', 0);
        __atomic_store_n(&offered, gc_weak_new(n), __ATOMIC_RELEASE);
        gc_release(n);
    }
    __atomic_store_n(&offered, last, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(destroyed, rounds);
    ck_assert_ptr_null(gc_weak_retain(NULL));
    errno = 0;
    ck_assert_ptr_null(gc_weak_retain(last));
    ck_assert_int_eq(errno, EINVAL);
    gc_retain_until(plain);
}
END_TEST

/* Those that wait for their turn are no garbage. */
START_TEST(collections_inside)
{
    struct counted *n = gc_counted_new(sizeof *n, collect_inside);
    n->name = 'a';
    struct counted *last = n;
    for (char name = 'b'; name <= 'e'; name++) {
        last->next = make(name, 0);
        last->other = gc_counted_new(sizeof *n, collect_inside);
        last->other->name = (char)(name + 'A' - 'a');
        last = last->next;
    }
    gc_release(n);
    ck_assert_uint_eq(destroyed, 9);
    gc_collect();
    ck_assert_uint_eq(gc_finalizers_run(), 0);
    ck_assert_uint_eq(destroyed, 9);
}
END_TEST

static struct counted *shared;

static void *retain_and_release(void *unused)
{
    for (int i = 0; i < 100000; i++) {
        gc_retain(shared);
        gc_release(shared);
    }
    return unused;
}

START_TEST(counts_are_atomic)
{
    pthread_t threads[4];
    shared = make('s', 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, retain_and_release, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(gc_counted_count(shared), 1);
    gc_release(shared);
    expect_names("s");
}
END_TEST

static void make_and_tell_nobody(void *unused)
{
    struct counted *n = gc_counted_new(sizeof *n, end);
    (void)unused;
    n->name = 'n';
    n->other = gc_counted_new(sizeof *n, end);
    n->other->name = 'o';
}

/* No compiler leaves out what is stored in objects that only the destroy function will read. */
START_TEST(what_nobody_else_reads)
{
    deeply(make_and_tell_nobody, NULL);
    gc_collect();
    ck_assert_uint_eq(gc_finalizers_run(), 2);
    expect_names("no");
}
END_TEST

START_TEST(errors)
{
    ck_assert_ptr_null(gc_counted_new_with(8, end, GC_MANUAL));
    ck_assert_ptr_null(gc_counted_new(SIZE_MAX - 8, end));
    void *plain = gc_counted_new_with(1000, NULL, GC_ATOMIC);
    ck_assert_ptr_nonnull(plain);
    ck_assert_uint_eq(gc_counted_count(plain), 1);
    ck_assert_uint_eq(gc_counted_count((char *)plain + 16), 0);
    gc_release(plain);
    void *large = gc_counted_new(3 << 20, NULL);
    ck_assert_uint_eq(gc_counted_count(large), 1);
    gc_release(large);
    log_begin();
    void *object = gc_counted_new(16, end);
    gc_free(object);
    ck_assert_ptr_null(gc_realloc(object, 32));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_uint_eq(log_count("a counted object, which gc_release frees"), 2);
    ck_assert_uint_eq(gc_counted_count(object), 1);
}
END_TEST

/* Pointers to objects without a byte keep them, as those to others do. */
START_TEST(of_no_bytes)
{
    static void *kept[100]; /* a root */
    size_t count = 0;
    for (size_t i = 0; i < 100; i++)
        kept[i] = gc_counted_new_with(0, count_end, all_flags[_i]);
    collect(2);
    ck_assert_uint_eq(gc_finalizers_run(), 0);
    for (size_t i = 0; i < 100; i++)
        count += gc_counted_count(kept[i]);
    ck_assert_uint_eq(count, 100);
    gc_weak *to_first = gc_weak_new(kept[0]);
    ck_assert_ptr_eq(gc_weak_get(to_first), kept[0]);
    for (size_t i = 0; i < 100; i++)
        gc_release(kept[i]);
    ck_assert_uint_eq(destroyed, 100);
    ck_assert_ptr_null(gc_weak_get(to_first));
}
END_TEST

static struct counted *volatile holder; /* a root */

static void release_too_often(void *unused)
{
    struct counted *n = make('h', 0);
    (void)unused;
    holder = n;
    n->next = make('n', 0);
    gc_release(n->next); /* to which it goes on to point */
}

/* It is said of the one object, and of none that was released rightly. */
START_TEST(verify_finds_a_count_that_is_too_low)
{
    log_begin();
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    deeply(make_circle, NULL);
    deeply(release_too_often, NULL);
    deeply(make_weak, NULL);
    deeply(release_weak, NULL);
    collect(3);
    gc_finalizers_run();
    collect(3);
    ck_assert_uint_eq(log_count("the count was too low"), 1);
    ck_assert_uint_eq(log_count(""), 1);
}
END_TEST

START_TEST(verify_takes_those_without_pointers)
{
    static void *kept; /* a root */
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    kept = gc_counted_new_with(100, count_end, GC_ATOMIC);
    collect(2);
    ck_assert_uint_eq(gc_counted_count(kept), 1);
}
END_TEST

TCase *counted_case(void)
{
    TCase *tc = tcase_create("counted");
    tcase_add_loop_test(tc, the_last_release_destroys, 0, 2);
    tcase_add_loop_test(tc, releases_follow, 0, 2);
    tcase_add_test(tc, weak_references_are_retained_beside_the_last_release);
    tcase_add_loop_test(tc, long_lists_need_no_stack, 0, 2);
    tcase_add_test(tc, circles_are_found);
    tcase_add_test(tc, forgotten_ones_go_in_order);
    tcase_add_test(tc, forgotten_ones_wait_for_others);
    tcase_add_test(tc, large_circles_wait_for_others);
    tcase_add_loop_test(tc, weak_references, 0, 2);
    tcase_add_test(tc, collections_inside);
    tcase_add_test(tc, counts_are_atomic);
    tcase_add_test(tc, what_nobody_else_reads);
    tcase_add_test(tc, errors);
    tcase_add_loop_test(tc, of_no_bytes, 0, 2);
    tcase_add_test(tc, verify_finds_a_count_that_is_too_low);
    tcase_add_test(tc, verify_takes_those_without_pointers);
    return tc;
}
