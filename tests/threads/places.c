/* Where the only pointer to an object may be while another thread collects; and that the
 * object is gone when it is there no more. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "threads.h"

static const size_t sizes[] = {16, 40, 300, 5000, 30000, 200000};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* One thread that keeps an object, and one that collects. */
static struct {
    uintptr_t hidden;
    int kept, told;
} stage;

static void arrange(void)
{
    stage.kept = stage.told = 0;
}

/* The keeper: it holds the object now, until it is told otherwise. */
static void keep(void)
{
    set(&stage.kept, 1);
    await(&stage.told, 1);
}

static void gone(void)
{
    set(&stage.kept, 2);
    await(&stage.told, 2);
}

static void collect(void)
{
    for (int i = 0; i < 5; i++)
        gc_collect();
}

static void check_place(void *(*keeper)(void *))
{
    for (size_t i = 0; i < SIZES; i++) {
        arrange();
        stage.hidden = new_hidden(sizes[i]);
        gc_disable();
        pthread_t thread = run(keeper, NULL);
        await(&stage.kept, 1);
        gc_enable();
        collect();
        ck_assert_msg(lives(stage.hidden), "size %zu was lost", sizes[i]);
        set(&stage.told, 1);
        await(&stage.kept, 2);
        gc_collect();
        ck_assert_msg(!lives(stage.hidden), "size %zu was kept", sizes[i]);
        set(&stage.told, 2);
        joined(thread);
    }
}

static void *on_stack(void *argument)
{
    void *volatile word;
    store((void **)(uintptr_t)&word, stage.hidden);
    keep();
    store((void **)(uintptr_t)&word, 0);
    gone();
    return argument;
}

START_TEST(stack)
{
    check_place(on_stack);
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

#ifdef __x86_64__
/* Nothing but the register: the thread spins. */
static void *in_register(void *argument)
{
    set(&stage.kept, 1);
    __asm__ volatile("mov %0, %%r12\n\tnot %%r12\n\t"
                     "1: pause\n\tcmpl $0, %1\n\tje 1b\n\t"
                     "xor %%r12d, %%r12d"
                     :
                     : "m"(stage.hidden), "m"(stage.told)
                     : "r12", "memory");
    gone();
    return argument;
}

static void *in_vector_register(void *argument)
{
    set(&stage.kept, 1);
    __asm__ volatile("mov %0, %%rax\n\tnot %%rax\n\tmovq %%rax, %%xmm7\n\t"
                     "xor %%eax, %%eax\n\t"
                     "1: pause\n\tcmpl $0, %1\n\tje 1b\n\t"
                     "pxor %%xmm7, %%xmm7"
                     :
                     : "m"(stage.hidden), "m"(stage.told)
                     : "rax", "xmm7", "memory");
    gone();
    return argument;
}

static void *in_red_zone(void *argument)
{
    set(&stage.kept, 1);
    __asm__ volatile("mov %0, %%rax\n\tnot %%rax\n\tmov %%rax, -64(%%rsp)\n\t"
                     "xor %%eax, %%eax\n\t"
                     "1: pause\n\tcmpl $0, %1\n\tje 1b\n\t"
                     "mov %%rax, -64(%%rsp)"
                     :
                     : "m"(stage.hidden), "m"(stage.told)
                     : "rax", "memory");
    gone();
    return argument;
}

START_TEST(registers)
{
    check_place(in_register);
    check_place(in_vector_register);
    check_place(in_red_zone);
}
END_TEST
#endif

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
    long *number = gc_alloc(40);
    *number = 4711;
    __atomic_store_n(&stage.hidden, hide(number), __ATOMIC_RELEASE);
    if (argument)
        pthread_exit(number);
    return number;
}

static nlink_t thread_count(void)
{
    struct stat s;
    ck_assert_int_eq(stat("/proc/self/task", &s), 0);
    return s.st_nlink;
}

/* A thread that has ended, and is not joined. */
static pthread_t run_to_the_end(void *argument)
{
    nlink_t before = thread_count();
    stage.hidden = 0;
    pthread_t thread = run(give_result, argument);
    while (!__atomic_load_n(&stage.hidden, __ATOMIC_ACQUIRE) || thread_count() > before)
        usleep(1000);
    return thread;
}

static void join_and_look(void *argument)
{
    const long *number = joined(*(pthread_t *)argument);
    ck_assert_int_eq(*number, 4711);
}

static void check_result(void *argument)
{
    pthread_t thread = run_to_the_end(argument);
    gc_collect();
    gc_collect();
    ck_assert(lives(stage.hidden));
    deeply(join_and_look, &thread);
    gc_collect();
    ck_assert(!lives(stage.hidden));
}

START_TEST(result)
{
    check_result(NULL);
    check_result(&stage);
}
END_TEST

START_TEST(result_of_a_detached_thread)
{
    pthread_t thread = run_to_the_end(NULL);
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
#ifdef __x86_64__
    tcase_add_test(tc, registers);
#endif
    tcase_add_test(tc, alternate_stack);
    tcase_add_test(tc, blocking);
    tcase_add_test(tc, start_argument);
    tcase_add_test(tc, result);
    tcase_add_test(tc, result_of_a_detached_thread);
    return tc;
}
