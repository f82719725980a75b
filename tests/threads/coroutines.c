/* Registered stacks: what is reachable only from one that is suspended lives, and goes when
 * it is there no more; stacks that move between threads; errors. */
#include <errno.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "coroutine.h"
#include "threads.h"

static const size_t sizes[] = {16, 40, 300, 5000, 30000, 200000};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* ---- Bodies --------------------------------------------------------------------------- */

/* Holds the object in a frame, yields, holds it no more, yields. */
static void hold(struct coroutine *c)
{
    for (;;) {
        void *volatile word;
        store((void **)(uintptr_t)&word, c->hidden);
        yield(c);
        store((void **)(uintptr_t)&word, 0);
        yield(c);
    }
}

#ifdef __x86_64__
/* Nothing but a register that the switch saves. */
static void hold_in_register(struct coroutine *c)
{
    for (;;) {
        __asm__ volatile("mov %0, %%r12\n\tnot %%r12\n\tmov %1, %%rbx\n\t"
                         "xor %%edi, %%edi\n\tcall gc_stack_switch@PLT\n\t"
                         "mov %%rbx, %%rdi\n\tmov %2, %%rsi\n\tcall switch_by_hand\n\t"
                         "xor %%r12d, %%r12d"
                         :
                         : "m"(c->hidden), "r"(&c->sp), "m"(c->caller_sp)
                         : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
                           "r11", "r12", "memory", "cc");
        yield(c);
    }
}
#endif

static void collect(void)
{
    for (int i = 0; i < 3; i++)
        gc_collect();
}

static void resume_deeply(void *argument)
{
    resume(argument);
}

static void *resume_there(void *argument)
{
    deeply(resume_deeply, argument);
    return NULL;
}

static void resume_in_another_thread(void *argument)
{
    joined(run(resume_there, argument));
}

static void check(struct coroutine *c, void (*first)(void *), void (*second)(void *))
{
    for (size_t i = 0; i < SIZES; i++) {
        c->hidden = new_hidden(sizes[i]);
        gc_disable();
        deeply(first, c);
        gc_enable();
        collect();
        ck_assert_msg(lives(c->hidden), "size %zu was lost", sizes[i]);
        deeply(second, c);
        collect();
        ck_assert_msg(!lives(c->hidden), "size %zu was kept", sizes[i]);
    }
}

START_TEST(suspended)
{
    for (int way = 0; way < WAYS; way++)
        for (int mapped = 0; mapped < 2; mapped++) {
            struct coroutine *c = new_coroutine(mapped);
            prepare(c, hold, way);
            check(c, resume_deeply, resume_deeply);
            end_coroutine(c, mapped);
        }
}
END_TEST

START_TEST(moved_between_threads)
{
    for (int way = 0; way < WAYS; way++) {
        struct coroutine *c = new_coroutine(true);
        prepare(c, hold, way);
        check(c, resume_deeply, resume_in_another_thread);
        check(c, resume_in_another_thread, resume_deeply);
        check(c, resume_in_another_thread, resume_in_another_thread);
        end_coroutine(c, true);
    }
}
END_TEST

#ifdef __x86_64__
START_TEST(in_a_register)
{
    struct coroutine *c = new_coroutine(true);
    prepare(c, hold_in_register, true);
    check(c, resume_deeply, resume_deeply);
    end_coroutine(c, true);
}
END_TEST
#endif

/* ---- While it runs -------------------------------------------------------------------- */

static struct {
    uintptr_t hidden;
    int kept, told;
} stage;

/* Collects itself, or another thread does, while the object is in this frame. */
static void hold_and_collect(struct coroutine *c)
{
    for (;;) {
        void *volatile word;
        store((void **)(uintptr_t)&word, c->hidden);
        if (stage.told < 0) {
            collect();
        } else {
            set(&stage.kept, 1);
            await(&stage.told, 1);
        }
        ck_assert(lives(c->hidden));
        store((void **)(uintptr_t)&word, 0);
        collect();
        ck_assert(!lives(c->hidden));
        ck_assert(lives(stage.hidden));
        yield(c);
    }
}

/* The thread's own frame holds another object meanwhile. */
static void *own_and_coroutine(void *argument)
{
    struct coroutine *c = argument;
    void *volatile word;
    store((void **)(uintptr_t)&word, stage.hidden);
    resume(c);
    store((void **)(uintptr_t)&word, 0);
    collect();
    ck_assert(!lives(stage.hidden));
    return NULL;
}

START_TEST(running)
{
    for (size_t i = 0; i < 2 * SIZES; i++) {
        struct coroutine *c = new_coroutine(i % 2);
        prepare(c, hold_and_collect, WAYS > 1 && i % 3);
        c->hidden = new_hidden(sizes[i % SIZES]);
        stage.hidden = new_hidden(sizes[i % SIZES]);
        stage.kept = 0;
        stage.told = i < SIZES ? 0 : -1;
        gc_disable();
        pthread_t thread = run(own_and_coroutine, c);
        if (i < SIZES) {
            await(&stage.kept, 1);
            collect();
            ck_assert(lives(c->hidden) && lives(stage.hidden));
            set(&stage.told, 1);
        }
        joined(thread);
        gc_enable();
        end_coroutine(c, i % 2);
    }
}
END_TEST

/* After gc_stack_switch, and before the switch: both stacks count. */
static void announce_and_collect(void *argument)
{
    struct coroutine *c = argument;
    void *volatile word;
    stage.hidden = new_hidden(40);
    store((void **)(uintptr_t)&word, stage.hidden);
    ck_assert_int_eq(gc_stack_switch(c->stack), 0);
    collect();
    ck_assert(lives(stage.hidden) && lives(c->hidden));
    store((void **)(uintptr_t)&word, 0);
    collect();
    ck_assert(!lives(stage.hidden) && lives(c->hidden));
    ck_assert_int_eq(gc_stack_switch(NULL), 0);
}

START_TEST(between_announcement_and_switch)
{
    struct coroutine *c = new_coroutine(true);
    c->hidden = new_hidden(40);
    store((void **)(void *)c->stack, c->hidden);
    announce_and_collect(c);
    end_coroutine(c, true);

    c = new_coroutine(true);
    c->hidden = new_hidden(40);
    prepare(c, hold, false);
    deeply(resume_deeply, c);
    announce_and_collect(c);
    end_coroutine(c, true);
}
END_TEST

/* A stack that has not run is a root from end to end; then not at all. */
START_TEST(not_run_yet)
{
    for (int at = 0; at < STACK_BYTES; at += 8184) {
        struct coroutine *c = new_coroutine(true);
        uintptr_t hidden = new_hidden(40);
        store((void **)(void *)(c->stack + at), hidden);
        collect();
        ck_assert(lives(hidden));
        ck_assert_int_eq(gc_stack_unregister(c->stack), 0);
        collect();
        ck_assert(!lives(hidden));
        ck_assert_int_eq(gc_stack_register(c->stack, c->stack + STACK_BYTES), 0);
        end_coroutine(c, true);
    }
}
END_TEST

/* ---- Many ------------------------------------------------------------------------------ */

enum { MANY = 5000, SMALL_STACK = STACK_BYTES };

static struct coroutine *many[MANY];

static void count_up(struct coroutine *c)
{
    long n = 0;
    for (;;) {
        struct tree *t = grow_tree(2, ++n);
        yield(c);
        ck_assert(tree_is_sound(t, 2, n));
    }
}

static void *resume_share(void *argument)
{
    for (int i = (int)(intptr_t)argument; i < MANY; i += 2)
        resume(many[i]);
    return NULL;
}

/* Each thread goes on with what the other one left. */
START_TEST(thousands)
{
    for (int i = 0; i < MANY; i++) {
        many[i] = new_coroutine(true);
        prepare(many[i], count_up, WAYS > 1 && i % 2);
    }
    for (intptr_t round = 0; round < 4; round++) {
        resume_share((void *)(round % 2));
        resume_share((void *)((round + 1) % 2));
        gc_collect();
        joined(run(resume_share, (void *)(round % 2)));
        joined(run(resume_share, (void *)((round + 1) % 2)));
    }
    for (int i = 0; i < MANY; i++)
        end_coroutine(many[i], true);
    gc_collect();
}
END_TEST

/* ---- Stacks that are objects ----------------------------------------------------------- */

enum { CHAIN = 3 };

static void *volatile shown; /* a root */

struct object_stack {
    unsigned flags;
    uintptr_t hidden, below; /* below: what lies on the stack, besides its own address */
};

static void make_object_stack(void *argument)
{
    struct object_stack *o = argument;
    char *stack = gc_alloc_with(STACK_BYTES, 0, o->flags);
    void **words = (void **)(void *)(stack + STACK_BYTES) - 8;
    words[0] = stack;
    store(&words[1], o->below);
    o->hidden = hide(stack);
    ck_assert_int_eq(gc_stack_register(stack, stack + STACK_BYTES), 0);
}

static void unregister_object(void *argument)
{
    const struct object_stack *o = argument;
    ck_assert_int_eq(gc_stack_unregister(reveal(o->hidden)), -1);
    ck_assert_int_eq(errno, EINVAL);
}

/* A stack that leads to the next, and the last to an object; each has its own address on it,
 * which keeps nothing alive, and all are registered.  They live with a pointer to the first,
 * and the registrations end with them. */
static void check_chain(unsigned flags)
{
    struct object_stack stacks[CHAIN];
    uintptr_t object = new_hidden(100);
    gc_disable();
    for (int i = CHAIN; i-- > 0;) {
        stacks[i] =
            (struct object_stack){.flags = flags,
                                  .below = i + 1 < CHAIN ? stacks[i + 1].hidden : object};
        deeply(make_object_stack, &stacks[i]);
    }
    store((void **)(uintptr_t)&shown, stacks[0].hidden);
    gc_enable();
    collect();
    ck_assert(lives(object));
    for (int i = 0; i < CHAIN; i++)
        ck_assert(lives(stacks[i].hidden));
    store((void **)(uintptr_t)&shown, 0);
    collect();
    ck_assert(!lives(object));
    for (int i = 0; i < CHAIN; i++) {
        ck_assert(!lives(stacks[i].hidden));
        deeply(unregister_object, &stacks[i]);
    }
}

START_TEST(objects_of_the_heap)
{
    for (int i = 0; i < 20; i++) {
        check_chain(0);
        check_chain(GC_ATOMIC);
    }
}
END_TEST

/* ---- Errors ------------------------------------------------------------------------------ */

static void expect_error(int result, int error)
{
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(errno, error);
    errno = 0;
}

static void refuse_while_running(struct coroutine *c)
{
    for (;;) {
        ck_assert_int_eq(gc_stack_switch(c->stack), 0);
        set(&stage.kept, 1);
        await(&stage.told, 1);
        expect_error(gc_stack_unregister(c->stack), EBUSY);
        yield(c);
    }
}

START_TEST(errors)
{
    static char area[4096];
    expect_error(gc_stack_register(NULL, area), EINVAL);
    expect_error(gc_stack_register(area, area), EINVAL);
    expect_error(gc_stack_register(area + 8, area), EINVAL);
    expect_error(gc_stack_switch(area), EINVAL);
    expect_error(gc_stack_unregister(area), EINVAL);
    expect_error(gc_stack_unregister(NULL), EINVAL);
    ck_assert_int_eq(gc_stack_switch(NULL), 0);
    ck_assert_int_eq(gc_stack_register(area + 1024, area + 2048), 0);
    expect_error(gc_stack_register(area + 1024, area + 2048), EINVAL);
    expect_error(gc_stack_register(area, area + 1025), EINVAL);
    expect_error(gc_stack_register(area, area + 4096), EINVAL);
    expect_error(gc_stack_register(area + 2047, area + 4096), EINVAL);
    expect_error(gc_stack_register(area + 1500, area + 1600), EINVAL);
    expect_error(gc_stack_switch(area + 1500), EINVAL);
    ck_assert_int_eq(gc_stack_register(area, area + 1024), 0);
    ck_assert_int_eq(gc_stack_register(area + 2048, area + 4096), 0);
    gc_blocking_begin();
    expect_error(gc_stack_switch(area), EBUSY);
    gc_blocking_end();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(gc_stack_unregister(area + 1024 * i), 0);
    expect_error(gc_stack_unregister(area + 1024), EINVAL);
}
END_TEST

START_TEST(busy)
{
    struct coroutine *c = new_coroutine(false);
    prepare(c, refuse_while_running, false);
    pthread_t thread = run(resume_there, c);
    await(&stage.kept, 1);
    expect_error(gc_stack_unregister(c->stack), EBUSY);
    expect_error(gc_stack_switch(c->stack), EBUSY);
    set(&stage.told, 1);
    joined(thread);
    end_coroutine(c, false);
}
END_TEST

/* The thread ends on a registered stack: it counts whole until it is unregistered.
 * AddressSanitizer does not see that its frames on its own stack are left by that. */
static void end_here(struct coroutine *c)
{
    (void)c;
    pthread_exit(NULL);
}

START_TEST(thread_that_ends_there)
{
    struct coroutine *c = new_coroutine(true);
    prepare(c, end_here, false);
    joined(run(resume_there, c));
    usleep(1000);
    collect();
    end_coroutine(c, true);
    collect();
}
END_TEST

TCase *coroutines_case(void)
{
    TCase *tc = tcase_create("coroutines");
    tcase_add_test(tc, objects_of_the_heap);
    tcase_add_test(tc, suspended);
    tcase_add_test(tc, moved_between_threads);
#ifdef __x86_64__
    if (!UNDER_ASAN) /* the coroutine's frame keeps a copy of the register */
        tcase_add_test(tc, in_a_register);
#endif
    if (!UNDER_TSAN) /* what its swapcontext leaves on stacks keeps objects */
        tcase_add_test(tc, running);
    tcase_add_test(tc, between_announcement_and_switch);
    tcase_add_test(tc, not_run_yet);
    tcase_add_test(tc, thousands);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, busy);
    if (!UNDER_ASAN)
        tcase_add_test(tc, thread_that_ends_there);
    return tc;
}
