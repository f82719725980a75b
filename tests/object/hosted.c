/* Registered stacks in objects with finalizers: what lies on such a stack lives as long as its
 * object does, also when that is brought back, and is finalised after it. */
#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "../api/sanitizer.h"
#include "object.h"
#include "witness.h"

enum { STACK_BYTES = 64 << 10, PLAIN = 0, WITH_FINALIZER = 1, HELD = 2 };

struct held {
    char pattern[64];
};

static uintptr_t stack, held[HELD]; /* hidden */
static void *volatile kept;         /* a root */
static size_t ended, ended_first;   /* ended_first: what is held, before its stack */
static bool revives;

static void *stack_now(void)
{
    return reveal(stack);
}

static void end_held(void *object, void *unused)
{
    (void)unused;
    ck_assert(has_pattern(object, sizeof(struct held), WITH_FINALIZER));
    ended_first += count_living(&stack, 1) == 1;
    ended++;
}

static void expect_held(void)
{
    for (size_t i = 0; i < HELD; i++)
        if (!has_pattern(reveal(held[i]), sizeof(struct held), i))
            ck_abort_msg("what the stack holds is not what it was");
}

/* Of the object that the stack lies in. */
static void end_stack(void *object, void *unused)
{
    (void)unused;
    ck_assert(object == stack_now());
    expect_held();
    ck_assert_uint_eq(ended, 0);
    if (revives)
        kept = object;
}

static void *make_held(size_t i)
{
    struct held *h = gc_alloc_atomic(sizeof *h);
    write_pattern(h, sizeof *h, i);
    held[i] = hide(h);
    if (i == WITH_FINALIZER)
        ck_assert(gc_finalizer_set(h, end_held, NULL) == NULL);
    return h;
}

/* A stack that has not run yet is a root from end to end; it also has addresses of its own. */
static void make_stack(void *flags)
{
    char *low = gc_alloc_with(STACK_BYTES, 16, *(unsigned *)flags);
    void **words = (void **)(void *)low;
    memset(low, 0, STACK_BYTES);
    stack = hide(low);
    ck_assert_int_eq(gc_stack_register(low, low + STACK_BYTES), 0);
    for (size_t i = 0; i < HELD; i++)
        words[STACK_BYTES / sizeof *words - 8 + i] = make_held(i);
    words[STACK_BYTES / sizeof *words - 1] = low + STACK_BYTES / 2;
    ck_assert(gc_finalizer_set(low, end_stack, NULL) == NULL);
    kept = low;
}

static void expect_registered(void *wanted)
{
    bool registered = gc_stack_unregister(stack_now()) == 0;
    ck_assert_int_eq(registered, *(bool *)wanted);
    if (registered)
        gc_stack_register(stack_now(), (char *)stack_now() + STACK_BYTES);
}

static unsigned all_flags[] = {0, GC_ATOMIC};
static bool yes = true, no = false;

static void expect_all_living(void)
{
    ck_assert_uint_eq(count_living(&stack, 1), 1);
    ck_assert_uint_eq(count_living(held, HELD), HELD);
}

/* One collection after the other: the stack's object, and when that is gone what it held. */
static void expect_end(void)
{
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), 1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(ended, 0);
    expect_all_living();
    collect(1);
    ck_assert_uint_eq(count_living(&stack, 1), 0);
    deeply(expect_registered, &no);
    ck_assert_uint_eq(count_living(held, HELD), 1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_uint_eq(ended, 1);
    ck_assert_uint_eq(ended_first, 0);
    collect(1);
    ck_assert_uint_eq(count_living(held, HELD), 0);
}

START_TEST(finalised_before_what_it_holds)
{
    deeply(make_stack, &all_flags[_i]);
    collect(3);
    ck_assert_uint_eq(run_ready(), 0);
    expect_all_living();
    kept = NULL;
    expect_end();
}
END_TEST

static void set_finalizer(void *unused)
{
    (void)unused;
    ck_assert(gc_finalizer_set(stack_now(), end_stack, NULL) == NULL);
}

/* The registration goes on as if nothing had been. */
START_TEST(brought_back)
{
    deeply(make_stack, &all_flags[_i]);
    revives = true;
    for (int round = 0; round < 3; round++) {
        kept = NULL;
        collect(1);
        ck_assert_uint_eq(run_ready(), 1);
        collect(3);
        ck_assert_uint_eq(run_ready(), 0);
        expect_all_living();
        deeply(expect_registered, &yes);
        deeply(set_finalizer, NULL);
    }
    revives = false;
    kept = NULL;
    expect_end();
}
END_TEST

/* ---- Coroutines that run ------------------------------------------------------------------------ */

static ucontext_t outside, inside;
static int steps;

static void go_out(void)
{
    ck_assert_int_eq(gc_stack_switch(NULL), 0);
    swapcontext(&inside, &outside);
}

/* Its frame has what it holds, until it ends. */
static void coroutine(void)
{
    void *volatile mine[HELD];
    for (size_t i = 0; i < HELD; i++)
        mine[i] = make_held(i);
    for (;;) {
        for (size_t i = 0; i < HELD; i++)
            if (!has_pattern(mine[i], sizeof(struct held), i))
                ck_abort_msg("what the coroutine holds is not what it was");
        steps++;
        go_out();
    }
}

static void go_in(void *unused)
{
    (void)unused;
    ck_assert_int_eq(gc_stack_switch(stack_now()), 0);
    swapcontext(&outside, &inside);
}

/* The contexts lie in static data, where pointers into the stack would keep it: they are moved
 * there for a step only. */
static ucontext_t *hidden_context; /* of malloc's memory */

static void step(void *unused)
{
    inside = *hidden_context;
    go_in(unused);
    *hidden_context = inside;
    memset(&inside, 0, sizeof inside);
    memset(&outside, 0, sizeof outside);
}

static void make_coroutine(void *flags)
{
    char *low = gc_alloc_with(STACK_BYTES, 16, *(unsigned *)flags);
    stack = hide(low);
    kept = low;
    ck_assert_int_eq(gc_stack_register(low, low + STACK_BYTES), 0);
    ck_assert(gc_finalizer_set(low, end_stack, NULL) == NULL);
    getcontext(hidden_context);
    hidden_context->uc_stack.ss_sp = low;
    hidden_context->uc_stack.ss_size = STACK_BYTES;
    makecontext(hidden_context, coroutine, 0);
    step(NULL);
}

/* One that was suspended is brought back and goes on. */
START_TEST(a_coroutine_that_goes_on)
{
    hidden_context = malloc(sizeof *hidden_context);
    deeply(make_coroutine, &all_flags[_i]);
    collect(3);
    expect_all_living();
    deeply(step, NULL);
    revives = true;
    kept = NULL;
    collect(1);
    ck_assert_uint_eq(run_ready(), 1);
    collect(3);
    expect_all_living();
    deeply(step, NULL);
    ck_assert_int_eq(steps, 3);
    revives = false;
    deeply(set_finalizer, NULL);
    kept = NULL;
    expect_end();
}
END_TEST

TCase *hosted_case(void)
{
    TCase *tc = tcase_create("hosted");
    tcase_add_loop_test(tc, finalised_before_what_it_holds, 0, 2);
    tcase_add_loop_test(tc, brought_back, 0, 2);
    if (!UNDER_TSAN) /* which knows nothing of coroutines unless it is told */
        tcase_add_loop_test(tc, a_coroutine_that_goes_on, 0, 2);
    return tc;
}
