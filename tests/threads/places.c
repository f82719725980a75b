/* Where the only pointer to an object may be while another thread collects; and that the
 * object is gone when it is there no more. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "stage.h"

START_TEST(stack)
{
    check_place(keep_on_stack);
}
END_TEST

static __thread void *in_tls_data = (void *)1;
static __thread void *in_tls_bss;

static void *in_tls(void *argument)
{
    void **word = argument ? &in_tls_data : &in_tls_bss;
    store(word, stage.hidden);
    keep();
    store(word, 0);
    gone();
    return NULL;
}

START_TEST(thread_local_bss)
{
    check_place(in_tls);
}
END_TEST

static void *in_initialized_tls(void *argument)
{
    (void)argument;
    return in_tls(&stage);
}

START_TEST(thread_local_data)
{
    check_place(in_initialized_tls);
}
END_TEST

/* Both halves of the C library's table: the second is memory of malloc. */
enum { KEYS = 64 };
static pthread_key_t keys[KEYS];

static void set_specific(void *argument)
{
    size_t key = *(size_t *)argument;
    pthread_setspecific(keys[key], stage.hidden ? reveal(stage.hidden) : NULL);
}

static void *keep_specific(size_t key)
{
    uintptr_t hidden = stage.hidden;
    deeply(set_specific, &key);
    keep();
    stage.hidden = 0;
    deeply(set_specific, &key);
    stage.hidden = hidden;
    gone();
    return NULL;
}

static void *specific_first(void *argument)
{
    (void)argument;
    return keep_specific(0);
}

static void *specific_last(void *argument)
{
    (void)argument;
    return keep_specific(KEYS - 1);
}

START_TEST(specific_values)
{
    for (size_t i = 0; i < KEYS; i++)
        ck_assert_int_eq(pthread_key_create(&keys[i], NULL), 0);
    check_place(specific_first);
    check_place(specific_last);
}
END_TEST

/* The keeper stands in a signal handler on another stack; what it holds is on its own. */
static void on_alternate_stack(int number)
{
    (void)number;
    keep();
}

static void *under_a_handler(void *argument)
{
    void *volatile word;
    char *memory =
        mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t alternate = {.ss_sp = memory, .ss_size = 1 << 16};
    struct sigaction action = {.sa_handler = on_alternate_stack, .sa_flags = SA_ONSTACK};
    sigaltstack(&alternate, NULL);
    sigaction(SIGUSR1, &action, NULL);
    store((void **)(uintptr_t)&word, stage.hidden);
    pthread_kill(pthread_self(), SIGUSR1);
    store((void **)(uintptr_t)&word, 0);
    gone();
    alternate.ss_flags = SS_DISABLE;
    sigaltstack(&alternate, NULL);
    munmap(memory, 1 << 16);
    return argument;
}

START_TEST(alternate_stack)
{
    check_place(under_a_handler);
}
END_TEST

enum { ALTERNATE = 1 << 16 };

static void arm(void *hidden)
{
    stack_t alternate = {.ss_sp = reveal(*(uintptr_t *)hidden), .ss_size = ALTERNATE};
    ck_assert_int_eq(sigaltstack(&alternate, NULL), 0);
}

/* Only the system has a pointer to it.  What other threads are stopped by has one, too. */
static void check_armed(void)
{
    uintptr_t hidden = new_hidden(ALTERNATE);
    deeply(arm, &hidden);
    collect(2);
    ck_assert(lives(hidden) && is_intact(hidden, ALTERNATE));
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    collect(1);
    ck_assert(!lives(hidden));
}

static void *check_armed_there(void *argument)
{
    check_armed();
    return argument;
}

START_TEST(memory_of_an_alternate_stack)
{
    check_armed();
    joined(run(check_armed_there, NULL));
}
END_TEST

static void *while_blocking(void *argument)
{
    void *volatile word;
    store((void **)(uintptr_t)&word, stage.hidden);
    gc_blocking_begin();
    keep();
    gc_blocking_end();
    store((void **)(uintptr_t)&word, 0);
    gone();
    return argument;
}

START_TEST(blocking)
{
    check_place(while_blocking);
}
END_TEST

/* ---- Before a thread begins, and after its end ------------------------------------------ */

struct start {
    uintptr_t hidden;
    pthread_t thread;
    pthread_attr_t *attributes;
};

static void *take_and_drop(void *argument)
{
    ck_assert(argument && *(long *)argument == 4711);
    return NULL;
}

static void start_with_argument(void *argument)
{
    struct start *s = argument;
    long *number = gc_alloc(40);
    *number = 4711;
    s->hidden = hide(number);
    ck_assert_int_eq(pthread_create(&s->thread, NULL, take_and_drop, number), 0);
}

START_TEST(start_argument)
{
    for (int i = 0; i < 200; i++) {
        struct start s;
        deeply(start_with_argument, &s);
        gc_collect();
        joined(s.thread);
        gc_collect();
        ck_assert(!lives(s.hidden));
    }
}
END_TEST

static void *give_result(void *argument)
{
    set(&stage.kept, gettid());
    long *number = gc_alloc(40);
    *number = 4711;
    __atomic_store_n(&stage.hidden, hide(number), __ATOMIC_RELEASE);
    if (argument)
        pthread_exit(number);
    return number;
}

/* Until it is gone: nothing but its result is left. */
static pthread_t ended(void *(*start)(void *), void *argument)
{
    stage.kept = 0;
    pthread_t thread = run(start, argument);
    while (!__atomic_load_n(&stage.kept, __ATOMIC_ACQUIRE) ||
           tgkill(getpid(), stage.kept, 0) == 0)
        usleep(100);
    return thread;
}

static void join_and_look(void *argument)
{
    const long *number = joined(*(pthread_t *)argument);
    ck_assert_int_eq(*number, 4711);
}

static void check_result(void *(*start)(void *), void *argument)
{
    pthread_t thread = ended(start, argument);
    gc_collect();
    gc_collect();
    ck_assert(lives(stage.hidden));
    deeply(join_and_look, &thread);
    gc_collect();
    ck_assert(!lives(stage.hidden));
}

START_TEST(result)
{
    check_result(give_result, NULL);
    check_result(give_result, &stage);
}
END_TEST

/* It has left the registry, and is there again. */
static void *give_after_coming_again(void *argument)
{
    gc_thread_unregister();
    ck_assert_int_eq(gc_thread_register(), 0);
    return give_result(argument);
}

START_TEST(result_after_coming_again)
{
    check_result(give_after_coming_again, &stage);
}
END_TEST

static pthread_t main_thread;

static void *join_main(void *argument)
{
    while (!__atomic_load_n(&stage.hidden, __ATOMIC_ACQUIRE))
        usleep(100);
    usleep(20000);
    gc_collect();
    bool lived = lives(stage.hidden);
    const long *number = joined(main_thread);
    _exit(lived && *number == 4711 ? 0 : 1);
    return argument;
}

START_TEST(result_of_the_main_thread)
{
    int status;
    if (UNDER_TSAN)
        return; /* it fails a check of its own where the main thread is joined */
    pid_t child = fork();
    if (child == 0) {
        main_thread = pthread_self();
        stage.hidden = 0;
        run(join_main, NULL);
        give_result(&stage);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(result_of_a_detached_thread)
{
    pthread_t thread = ended(give_result, NULL);
    gc_collect();
    ck_assert(lives(stage.hidden));
    pthread_detach(thread);
    gc_collect();
    ck_assert(!lives(stage.hidden));
}
END_TEST

TCase *places_case(void)
{
    TCase *tc = tcase_create("places");
    tcase_add_test(tc, stack);
    tcase_add_test(tc, thread_local_data);
    tcase_add_test(tc, thread_local_bss);
    tcase_add_test(tc, specific_values);
    tcase_add_test(tc, alternate_stack);
    tcase_add_test(tc, memory_of_an_alternate_stack);
    tcase_add_test(tc, blocking);
    tcase_add_test(tc, start_argument);
    tcase_add_test(tc, result);
    tcase_add_test(tc, result_after_coming_again);
    tcase_add_test(tc, result_of_the_main_thread);
    tcase_add_test(tc, result_of_a_detached_thread);
    return tc;
}
