/* Collections in signal handlers, on alternate stacks of every origin. */
#include "place.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stacks.h"

static void *volatile alternate; /* keeps the alternate stack, if it is in the heap */

static void use_alternate_stack(void *low, size_t bytes)
{
    alternate = low;
    ck_assert_ptr_nonnull(low);
    ck_assert_int_eq(sigaltstack(&(stack_t){.ss_sp = low, .ss_size = bytes}, NULL), 0);
}

static void handle(int sig, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    ck_assert_int_eq(sigaction(sig, &action, NULL), 0);
}

static struct victims *interrupted; /* what the interrupted code holds */

static void collect_in_handler(int sig)
{
    (void)sig;
    collect(COLLECTIONS);
    victims_assert_intact(interrupted);
}

/* The only pointers are in a frame of the interrupted stack. */
static NOINLINE void interrupt_frame(void)
{
    void *words[VICTIMS] = {NULL};
    struct place place = place_words(words);
    interrupted = place_fill(place);
    raise(SIGUSR1);
    victims_assert_intact(interrupted);
    place_clear(place);
    victims_assert_gone(interrupted);
}

START_TEST(interrupted_frame)
{
    use_alternate_stack(stack_create((enum stack_origin)_i), STACK_BYTES);
    handle(SIGUSR1, collect_in_handler);
    interrupt_frame();
}
END_TEST

/* Cleared, they are gone even for a collection in the handler. */
static void **interrupted_words;

static void clear_in_handler(int sig)
{
    collect_in_handler(sig);
    place_clear(place_words(interrupted_words));
    victims_assert_gone(interrupted);
}

START_TEST(interrupted_frame_cleared)
{
    void *words[VICTIMS] = {NULL};
    use_alternate_stack(stack_create((enum stack_origin)_i), STACK_BYTES);
    handle(SIGUSR1, clear_in_handler);
    interrupted_words = words;
    interrupted = place_fill(place_words(words));
    raise(SIGUSR1);
    ck_assert_uint_eq(victims_living(interrupted), 0);
}
END_TEST

static void check_frame_of_handler(int sig)
{
    (void)sig;
    void *words[VICTIMS] = {NULL};
    place_check(place_words(words));
}

START_TEST(frame_of_handler)
{
    use_alternate_stack(stack_create((enum stack_origin)_i), STACK_BYTES);
    handle(SIGUSR1, check_frame_of_handler);
    raise(SIGUSR1);
}
END_TEST

/* A second signal interrupts the handler, on the same stack, then a third. */
static void nest(int sig)
{
    void *words[VICTIMS] = {NULL};
    struct place place = place_words(words);
    struct victims *v = place_fill(place);
    if (sig == SIGUSR1)
        raise(SIGUSR2);
    else if (sig == SIGUSR2)
        raise(SIGTERM);
    else
        collect(COLLECTIONS);
    victims_assert_intact(v);
    victims_assert_intact(interrupted);
    place_clear(place);
    victims_assert_gone(v);
}

START_TEST(nested_handlers)
{
    use_alternate_stack(stack_create((enum stack_origin)_i), STACK_BYTES);
    handle(SIGUSR1, nest);
    handle(SIGUSR2, nest);
    handle(SIGTERM, nest);
    interrupt_frame();
}
END_TEST

/* The alternate stack is an array in a frame, above the frames that are interrupted. */
START_TEST(alternate_stack_in_a_frame)
{
    char stack[STACK_BYTES];
    use_alternate_stack(stack, sizeof stack);
    handle(SIGUSR1, collect_in_handler);
    interrupt_frame();
}
END_TEST

START_TEST(handler_on_the_same_stack)
{
    signal(SIGUSR1, collect_in_handler);
    interrupt_frame();
}
END_TEST

/* The system's usual size, with a page below that tells when it does not suffice. */
static void collect_only(int sig)
{
    (void)sig;
    gc_collect();
}

START_TEST(small_alternate_stack)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (size_t)SIGSTKSZ;
    char *low = mmap(NULL, page + bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(low, MAP_FAILED);
    ck_assert_int_eq(mprotect(low, page, PROT_NONE), 0);
    use_alternate_stack(low + page, bytes);
    handle(SIGUSR1, collect_only);
    void *words[VICTIMS] = {NULL};
    struct victims *v = place_fill(place_words(words));
    for (int i = 0; i < COLLECTIONS; i++)
        raise(SIGUSR1);
    victims_assert_intact(v);
    place_clear(place_words(words));
    victims_assert_gone(v);
}
END_TEST

TCase *signals_case(void)
{
    TCase *tc = tcase_create("signals");
    tcase_add_loop_test(tc, interrupted_frame, 0, STACK_ORIGINS);
    tcase_add_loop_test(tc, interrupted_frame_cleared, 0, STACK_ORIGINS);
    tcase_add_loop_test(tc, frame_of_handler, 0, STACK_ORIGINS);
    tcase_add_loop_test(tc, nested_handlers, 0, STACK_ORIGINS);
    tcase_add_test(tc, alternate_stack_in_a_frame);
    tcase_add_test(tc, handler_on_the_same_stack);
    tcase_add_test(tc, small_alternate_stack);
    return tc;
}
