/* Counted objects beside objects with finalizers: which of them goes first; and where they are
 * destroyed that a collection has found: by a thread of the library's, in children of fork. */
#include <errno.h>
#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "object.h"
#include "witness.h"

enum { EVENTS = 32 };

/* Both kinds: what it points to, and its name. */
struct thing {
    struct thing *to[2];
    char name;
    bool ended;
};

static char events[EVENTS + 1]; /* names in the order in which they ended */
static size_t event_count;

/* A pipe in whose other end the names are read, if `ends_to` is one end; 0: it is none. */
static int channel[2], ends_to;

static size_t ends(void)
{
    return __atomic_load_n(&event_count, __ATOMIC_ACQUIRE);
}

/* Capital letters are counted objects. */
static bool is_counted(const struct thing *t)
{
    return t && t->name >= 'A' && t->name <= 'Z';
}

/* What it points to is there until it has ended itself, but for a circle of counted objects, which
 * is opened. */
static void end(struct thing *t)
{
    if (t->ended)
        ck_abort_msg("%c ends twice", t->name);
    for (int i = 0; i < 2; i++)
        if (t->to[i] && t->to[i]->ended && !(is_counted(t) && is_counted(t->to[i])))
            ck_abort_msg("%c ends after %c, to which it points", t->name, t->to[i]->name);
    t->ended = true;
    if (event_count < EVENTS)
        events[event_count] = t->name;
    __atomic_fetch_add(&event_count, 1, __ATOMIC_RELEASE);
    if (ends_to && write(ends_to, &t->name, 1) != 1)
        abort();
}

static void release_all(struct thing *t)
{
    for (int i = 0; i < 2; i++)
        if (is_counted(t->to[i]))
            gc_release(t->to[i]);
}

static void destroy(void *object)
{
    end(object);
    release_all(object);
}

static void finalize(void *object, void *unused)
{
    (void)unused;
    end(object);
    release_all(object);
}

static struct thing *make(char name, struct thing *first, struct thing *second)
{
    struct thing *t =
        name <= 'Z' ? gc_counted_new(sizeof *t, destroy) : gc_alloc(sizeof *t);
    if (!t)
        ck_abort_msg("no memory for %c", name);
    *t = (struct thing){.to = {first, second}, .name = name};
    if (name > 'Z' && gc_finalizer_set(t, finalize, NULL))
        ck_abort_msg("no finalizer for %c", name);
    return t;
}

static void expect_events(const char *expected)
{
    ck_assert_str_eq(events, expected);
    memset(events, 0, sizeof events);
    event_count = 0;
}

/* Collects and runs what is ready, until there is nothing more. */
static void end_all(void)
{
    do
        collect(1);
    while (run_ready() > 0);
}

/* ---- Order ------------------------------------------------------------------------------------- */

static void begin_counting(void *unused)
{
    (void)unused;
    gc_release(gc_counted_new(8, NULL));
}

static void begin_finalizers(void *unused)
{
    (void)unused;
    gc_free(gc_guardian_new());
}

/* Whichever of the two the program comes to use first. */
static void begin_both(int finalizers_first)
{
    deeply(finalizers_first ? begin_finalizers : begin_counting, NULL);
    deeply(finalizers_first ? begin_counting : begin_finalizers, NULL);
}

/* Both references to the counted ones are forgotten, but for the last one's. */
static void make_chain(void *unused)
{
    (void)unused;
    make('a', make('B', make('c', make('D', NULL, NULL), NULL), NULL), NULL);
}

START_TEST(each_before_what_it_points_to)
{
    begin_both(_i);
    deeply(make_chain, NULL);
    end_all();
    expect_events("aBcD");
}
END_TEST

/* A counted one that nobody has any more, and what it points to. */
static void make_forgotten(void *unused)
{
    (void)unused;
    make('A', make('b', make('C', NULL, NULL), NULL), make('D', NULL, NULL));
}

START_TEST(a_counted_one_first)
{
    begin_both(_i);
    deeply(make_forgotten, NULL);
    end_all();
    expect_events("ADbC");
}
END_TEST

static void make_circle_behind(void *unused)
{
    struct thing *b = make('B', NULL, NULL), *c = make('C', b, make('d', NULL, NULL));
    (void)unused;
    b->to[0] = c;
    make('a', gc_retain(c), NULL);
}

/* The circle waits for the object that points to it, and another one for the circle. */
START_TEST(around_a_circle)
{
    begin_both(_i);
    deeply(make_circle_behind, NULL);
    collect(1);
    ck_assert_uint_eq(run_ready(), 1);
    expect_events("a");
    collect(1);
    ck_assert_uint_eq(run_ready(), 2);
    ck_assert_uint_eq(ends(), 2);
    collect(1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(ends(), 3);
}
END_TEST

static void make_mixed_circle(void *unused)
{
    struct thing *b = make('B', NULL, NULL), *a = make('a', b, make('C', NULL, NULL));
    (void)unused;
    b->to[0] = a;
}

/* An object with a finalizer that reaches itself has no order, whatever it reaches itself by. */
START_TEST(in_a_circle_of_both)
{
    log_begin();
    begin_both(_i);
    deeply(make_mixed_circle, NULL);
    end_all();
    expect_events("");
    ck_assert_uint_eq(log_count("reaches itself"), 1);
}
END_TEST

static void make_key(void *ephemeron)
{
    struct thing *key = make('A', NULL, NULL), *value = make('b', NULL, NULL);
    *(gc_ephemeron **)ephemeron = gc_ephemeron_new(key, value);
}

/* The value of an ephemeron lives with its key, and ends after that. */
START_TEST(with_an_ephemeron_between)
{
    static gc_ephemeron *ephemeron;
    begin_both(_i);
    deeply(make_key, &ephemeron);
    ck_assert_ptr_nonnull(ephemeron);
    collect(1);
    ck_assert_uint_eq(run_ready(), 1);
    expect_events("A");
    end_all();
    expect_events("b");
    ck_assert_ptr_null(gc_ephemeron_key(ephemeron));
}
END_TEST

/* ---- By whom ----------------------------------------------------------------------------------- */

static void make_ring(void *unused)
{
    struct thing *a = make('A', NULL, NULL), *b = make('B', a, NULL);
    (void)unused;
    a->to[0] = b;
}

static void set_option(const char *name, const char *value)
{
    ck_assert_int_eq(gc_option_set(name, value), 0);
}

/* Also if there is nothing to finalise. */
START_TEST(by_the_librarys_thread)
{
    set_option("finalizers", "thread");
    begin_both(_i);
    deeply(make_ring, NULL);
    collect(1);
    while (ends() < 2)
        sched_yield();
    collect(2);
    ck_assert_uint_eq(run_ready(), 0);
    ck_assert_uint_eq(ends(), 2);
}
END_TEST

START_TEST(they_count_as_ready)
{
    deeply(make_ring, NULL);
    ck_assert_uint_eq(gc_finalizers_ready(), 0);
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), 2);
    ck_assert_uint_eq(run_ready(), 2);
    ck_assert_uint_eq(gc_finalizers_ready(), 0);
    ck_assert_uint_eq(ends(), 2);
}
END_TEST

static uint32_t waits, goes_on;

static void wait_inside(void *object)
{
    __atomic_store_n(&waits, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&goes_on, __ATOMIC_ACQUIRE))
        sched_yield();
    destroy(object);
}

static void make_waiting(void *unused)
{
    struct thing *t = gc_counted_new(sizeof *t, wait_inside);
    t->name = 'W';
    t->to[0] = t;
    (void)unused;
}

static void *run_on_thread(void *unused)
{
    run_ready();
    return unused;
}

static int in_child(void)
{
    deeply(make_ring, NULL);
    end_all();
    return ends() == 2 ? 0 : 1;
}

/* The child has not the one that a thread of the parent's is in, and it has all others. */
START_TEST(in_a_child_while_a_thread_destroys)
{
    pthread_t thread;
    int status;
    deeply(make_waiting, NULL);
    collect(1);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_on_thread, NULL), 0);
    while (!__atomic_load_n(&waits, __ATOMIC_ACQUIRE))
        sched_yield();
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(in_child());
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    __atomic_store_n(&goes_on, 1, __ATOMIC_RELEASE);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    expect_events("W");
    ck_assert_int_eq(in_child(), 0);
}
END_TEST

/* ---- At the end of the program ----------------------------------------------------------------- */

static void make_long_chain(void *unused)
{
    struct thing *last = make('z', NULL, NULL), *end_of_many = make('y', last, NULL);
    struct thing *many = make('M', end_of_many, NULL);
    (void)unused;
    for (char name = 'N'; name <= 'R'; name++)
        many = make(name, many, end_of_many);
    make('a', gc_retain(many), NULL);   /* nobody will release it once more */
    gc_finalizer_set(last, NULL, NULL); /* the last one that was set */
    gc_finalizer_set(last, finalize, NULL);
}

static void exit_in_child(int counted_only)
{
    if (gc_option_set("finalize_at_exit", "1") == 0) {
        ends_to = channel[1];
        deeply(counted_only ? make_ring : make_long_chain, NULL);
        exit(0);
    }
}

/* In the order of pointers, however many counted objects lie between finalizers; and also where there
 * are no finalizers. */
START_TEST(at_exit)
{
    static const char *const expected[] = {"aRQPONMyz", "AB"};
    char written[EVENTS] = {0};
    int status;
    ck_assert_int_eq(pipe(channel), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        exit_in_child(_i);
        _exit(1);
    }
    close(channel[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_ge(read(channel[0], written, sizeof written - 1), 1);
    ck_assert_str_eq(written, expected[_i]);
}
END_TEST

enum { LARGE = 1 << 20, PAGE = 4096 };

static void end_large(void *object)
{
    gc_release(*(void **)object);
}

static void shut_page(void *object)
{
    uintptr_t page = ((uintptr_t)object + 2 * PAGE - 1) & -(uintptr_t)PAGE;
    ck_assert_int_eq(mprotect((void *)page, PAGE, PROT_NONE), 0);
}

static void make_circle(void *unused)
{
    void **a = gc_counted_new(LARGE, end_large), **b = gc_counted_new(LARGE, end_large);
    (void)unused;
    *a = b;
    *b = a;
    shut_page(a);
    shut_page(b);
}

static void nothing(void *object, void *data)
{
    (void)object, (void)data;
}

static void free_shut(void *unused)
{
    char *object = gc_alloc_atomic(LARGE);
    (void)unused;
    gc_finalizer_set(object, nothing, NULL);
    shut_page(object - PAGE + 1);
    gc_free(object);
}

/* A page of it may be without access, as one below a stack is. */
START_TEST(without_access)
{
    gc_guardian *guardian = gc_guardian_new();
    void *guarded = gc_alloc(64);
    ck_assert_int_eq(gc_guardian_add(guardian, guarded), 0);
    deeply(free_shut, NULL);
    deeply(make_circle, NULL);
    gc_collect();
    ck_assert_uint_eq(gc_finalizers_ready(), 2);
    ck_assert_uint_eq(gc_finalizers_run(), 2);
    gc_retain_until(guarded);
    gc_retain_until(guardian);
}
END_TEST

TCase *mixed_case(void)
{
    TCase *tc = tcase_create("mixed");
    tcase_add_loop_test(tc, each_before_what_it_points_to, 0, 2);
    tcase_add_loop_test(tc, a_counted_one_first, 0, 2);
    tcase_add_loop_test(tc, around_a_circle, 0, 2);
    tcase_add_loop_test(tc, in_a_circle_of_both, 0, 2);
    tcase_add_loop_test(tc, with_an_ephemeron_between, 0, 2);
    tcase_add_loop_test(tc, by_the_librarys_thread, 0, 2);
    tcase_add_test(tc, they_count_as_ready);
    tcase_add_test(tc, without_access);
    tcase_add_test(tc, in_a_child_while_a_thread_destroys);
    tcase_add_loop_test(tc, at_exit, 0, 2);
    return tc;
}
