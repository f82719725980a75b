/* Collections in coroutines, on stacks of every origin: by ucontext, and by assembly that
 * has no unwind information. */
#include "place.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include "stacks.h"

static ucontext_t *caller, *callee;
static struct victims *callers;
static void **callers_words;

/* Pointers in a frame of the coroutine and in one of its suspended caller: both live, and
 * each goes when its own place is cleared. */
static void check_both_stacks(void)
{
    void *words[VICTIMS] = {NULL};
    struct place place = place_words(words);
    struct victims *v = place_fill(place);
    collect(COLLECTIONS);
    victims_assert_intact(v);
    victims_assert_intact(callers);
    place_clear(place_words(callers_words));
    victims_assert_gone(callers);
    victims_assert_intact(v);
    place_clear(place);
    victims_assert_gone(v);
}

static NOINLINE void enter_by_ucontext(void *low, void (*body)(void))
{
    ucontext_t here, there;
    ck_assert_int_eq(getcontext(&there), 0);
    there.uc_stack = (stack_t){.ss_sp = low, .ss_size = STACK_BYTES};
    there.uc_link = &here;
    makecontext(&there, body, 0);
    caller = &here;
    callee = &there;
    ck_assert_int_eq(swapcontext(&here, &there), 0);
}

START_TEST(coroutine)
{
    void *stack = stack_create((enum stack_origin)_i);
    void *words[VICTIMS] = {NULL};
    callers_words = words;
    callers = place_fill(place_words(words));
    enter_by_ucontext(stack, check_both_stacks);
    ck_assert_uint_eq(victims_living(callers), 0);
    ck_assert(stack);
}
END_TEST

/* A signal interrupts a coroutine, and its handler collects on an alternate stack: both
 * in one piece of memory, in either order. */
static struct victims *interrupted;

static void collect_in_handler(int sig)
{
    (void)sig;
    collect(COLLECTIONS);
    victims_assert_intact(interrupted);
    victims_assert_intact(callers);
}

static void interrupt_coroutine(void)
{
    void *words[VICTIMS] = {NULL};
    struct place place = place_words(words);
    interrupted = place_fill(place);
    raise(SIGUSR1);
    place_clear(place);
    victims_assert_gone(interrupted);
}

static void check_interrupted(char *stack, char *alternate)
{
    void *words[VICTIMS] = {NULL};
    struct sigaction action = {.sa_handler = collect_in_handler, .sa_flags = SA_ONSTACK};
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    stack_t s = {.ss_sp = alternate, .ss_size = STACK_BYTES};
    ck_assert_int_eq(sigaltstack(&s, NULL), 0);
    callers = place_fill(place_words(words));
    enter_by_ucontext(stack, interrupt_coroutine);
    place_clear(place_words(words));
    victims_assert_gone(callers);
}

START_TEST(interrupted_coroutine)
{
    char *both = malloc(2 * STACK_BYTES);
    check_interrupted(both, both + STACK_BYTES);
    check_interrupted(both + STACK_BYTES, both);
    free(both);
}
END_TEST

/* A coroutine that is not running is seen when a callback names its stack. */
static void mark_stack(void *data)
{
    gc_mark_range(data, (char *)data + STACK_BYTES);
}

static struct victims *suspended;

static void suspend_with_pointers(void)
{
    void *words[VICTIMS] = {NULL};
    suspended = place_fill(place_words(words));
    swapcontext(callee, caller);
    victims_assert_intact(suspended);
    place_clear(place_words(words));
    swapcontext(callee, caller);
}

START_TEST(suspended_coroutine_with_callback)
{
    void *stack = stack_create(STACK_MAPPED);
    ucontext_t here, there;
    caller = &here;
    callee = &there;
    ck_assert_int_eq(getcontext(&there), 0);
    there.uc_stack = (stack_t){.ss_sp = stack, .ss_size = STACK_BYTES};
    makecontext(&there, suspend_with_pointers, 0);
    ck_assert_int_eq(gc_root_callback_add(mark_stack, stack), 0);
    ck_assert_int_eq(swapcontext(&here, &there), 0);
    collect(COLLECTIONS);
    victims_assert_intact(suspended);
    ck_assert_int_eq(swapcontext(&here, &there), 0);
    victims_assert_gone(suspended);
}
END_TEST

#ifdef __x86_64__

/* Calls work() on the stack that ends at `top`.  rbp stays the caller's: an unwinder that
 * takes it for a frame pointer comes out above the caller's frame. */
void call_on_stack(void *top, void (*work)(void));
__asm__(".text\n"
        ".type call_on_stack, @function\n"
        "call_on_stack:\n"
        "push %rbx\n"
        "mov %rsp, %rbx\n"
        "mov %rdi, %rsp\n"
        "call *%rsi\n"
        "mov %rbx, %rsp\n"
        "pop %rbx\n"
        "ret\n"
        ".size call_on_stack, . - call_on_stack\n");

/* The place is the lowest part of a large frame. */
static NOINLINE void hold_low_in_frame(void *stack)
{
    struct {
        void *words[VICTIMS];
        char rest[8192];
    } frame = {.words = {NULL}};
    callers_words = frame.words;
    callers = place_fill(place_words(frame.words));
    call_on_stack((char *)stack + STACK_BYTES, check_both_stacks);
    ck_assert_int_eq(frame.rest[0], 0);
}

START_TEST(stack_switched_by_assembly)
{
    hold_low_in_frame(stack_create((enum stack_origin)_i));
    ck_assert_uint_eq(victims_living(callers), 0);
}
END_TEST

static void add_assembly_tests(TCase *tc)
{
    tcase_add_loop_test(tc, stack_switched_by_assembly, 0, STACK_ORIGINS);
}

#else

static void add_assembly_tests(TCase *tc)
{
    (void)tc;
    puts("stack_switched_by_assembly: skipped, there is no assembly for this machine");
}

#endif

TCase *coroutines_case(void)
{
    TCase *tc = tcase_create("coroutines");
    tcase_add_loop_test(tc, coroutine, 0, STACK_ORIGINS);
    tcase_add_test(tc, interrupted_coroutine);
    tcase_add_test(tc, suspended_coroutine_with_callback);
    add_assembly_tests(tc);
    return tc;
}
