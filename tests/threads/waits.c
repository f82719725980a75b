/* The only pointer on the stack of a thread that waits in the kernel, or that has blocked
 * every signal; and on stacks that the program has made. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "stage.h"

static void ignore(int number)
{
    (void)number;
}

static void send_signal(pthread_t thread)
{
    pthread_kill(thread, SIGUSR1);
    usleep(100);
}

/* SIGUSR1 ends what the keeper waits for. */
static void check_waiting(void *(*keeper)(void *))
{
    struct sigaction action = {.sa_handler = ignore};
    sigaction(SIGUSR1, &action, NULL);
    stage.interrupt = send_signal;
    check_place(keeper);
}

/* ---- In the kernel -------------------------------------------------------------------- */

static void until_told(void (*wait)(void))
{
    void *volatile word;
    store((void **)(uintptr_t)&word, stage.hidden);
    set(&stage.kept, 1);
    while (!__atomic_load_n(&stage.told, __ATOMIC_ACQUIRE))
        wait();
    store((void **)(uintptr_t)&word, 0);
    gone();
}

static int pipe_ends[2]; /* of a pipe that stays empty */

static void wait_in_read(void)
{
    char byte;
    ck_assert_int_eq(read(pipe_ends[0], &byte, 1), -1);
    ck_assert_int_eq(errno, EINTR);
}

static void wait_in_pause(void)
{
    pause();
}

static void wait_in_nanosleep(void)
{
    struct timespec long_time = {.tv_sec = 1000};
    nanosleep(&long_time, NULL);
}

/* Blocked and waited for, as a thread does that handles the program's signals. */
static void wait_in_sigwait(void)
{
    sigset_t all;
    int number;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    ck_assert_int_eq(sigwait(&all, &number), 0);
    ck_assert_int_eq(number, SIGUSR1);
}

static void wait_with_all_blocked(void)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    await_word();
}

static void (*const ways[])(void) = {wait_in_read, wait_in_pause, wait_in_nanosleep,
                                     wait_in_sigwait, wait_with_all_blocked};
static void (*way)(void); /* that the test is about */

static void *in_wait(void *argument)
{
    until_told(way);
    return argument;
}

START_TEST(waiting)
{
    way = ways[_i];
    ck_assert_int_eq(pipe(pipe_ends), 0);
    check_waiting(in_wait);
}
END_TEST

enum { WAYS_OF_WAITING = sizeof ways / sizeof ways[0] };

#ifdef __x86_64__
/* Nothing but registers that the system call leaves alone; the stop finds it in the
 * kernel. */
#define CALL_HOLDING(reg)                                                             \
    __asm__ volatile("mov %1, %%" #reg "\n\tnot %%" #reg "\n\tmovl $1, %0\n\t"        \
                     "1: mov %3, %%edi\n\tlea -64(%%rsp), %%rsi\n\tmov $1, %%edx\n\t" \
                     "xor %%eax, %%eax\n\tsyscall\n\tcmpl $0, %2\n\tje 1b\n\t"        \
                     "xor %%" #reg ", %%" #reg                                        \
                     : "=m"(stage.kept)                                               \
                     : "m"(stage.hidden), "m"(stage.told), "m"(pipe_ends[0])          \
                     : "rax", "rcx", "rdx", "rsi", "rdi", "r11", #reg, "memory", "cc")

static void *in_callee_saved(void *argument)
{
    CALL_HOLDING(r12);
    gone();
    return argument;
}

static void *in_caller_saved(void *argument)
{
    CALL_HOLDING(r9);
    gone();
    return argument;
}

START_TEST(register_in_a_system_call)
{
    ck_assert_int_eq(SYS_read, 0);
    ck_assert_int_eq(pipe(pipe_ends), 0);
    check_waiting(in_callee_saved);
    check_waiting(in_caller_saved);
}
END_TEST
#endif

/* ---- Stacks of the program's ----------------------------------------------------------- */

enum {
    STACK_BYTES = UNDER_TSAN ? 1 << 20 : 256 << 10
}; /* ThreadSanitizer wants 900 KiB */

static void check_stack(void *memory)
{
    pthread_attr_t attributes;
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    ck_assert_int_eq(pthread_attr_setstack(&attributes, memory, STACK_BYTES), 0);
    stage.attributes = &attributes;
    check_place(keep_on_stack);
    pthread_attr_destroy(&attributes);
}

START_TEST(mapped_stack)
{
    void *memory = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(memory != MAP_FAILED);
    check_stack(memory);
    ck_assert_int_eq(munmap(memory, STACK_BYTES), 0);
    gc_collect();
}
END_TEST

START_TEST(allocated_stack)
{
    void *memory = aligned_alloc(4096, STACK_BYTES);
    ck_assert_ptr_nonnull(memory);
    check_stack(memory);
    free(memory);
    gc_collect();
}
END_TEST

static _Alignas(4096) char static_stack[STACK_BYTES];

START_TEST(static_stack_of_a_thread)
{
    check_stack(static_stack);
}
END_TEST

/* An object of the heap serves as well; its thread keeps it alive. */
START_TEST(collected_stack)
{
    check_stack(gc_alloc_aligned(4096, STACK_BYTES));
}
END_TEST

TCase *waits_case(void)
{
    TCase *tc = tcase_create("waits");
    tcase_add_loop_test(tc, waiting, 0, WAYS_OF_WAITING);
#ifdef __x86_64__
    tcase_add_test(tc, register_in_a_system_call);
#endif
    tcase_add_test(tc, mapped_stack);
    tcase_add_test(tc, allocated_stack);
    tcase_add_test(tc, static_stack_of_a_thread);
    tcase_add_test(tc, collected_stack);
    return tc;
}
