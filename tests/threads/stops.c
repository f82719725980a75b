/* Threads that the stop signal does not reach, or not at once: nothing hangs, and nothing is
 * reclaimed that may be in use. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "threads.h"

static int kept, told;
static uintptr_t hidden;

static uint64_t count_collections(void)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    return stats.collections;
}

/* ---- Blocked by a system call of the program's own ------------------------------------------ */

static void *block_and_compute(void *argument)
{
    uint64_t all = ~UINT64_C(0), old;
    void *volatile word;
    store((void **)(uintptr_t)&word, hidden);
    mask_signals(&all, &old);
    set(&kept, 1);
    await(&told, 1);
    ck_assert(is_intact(hide(word), 5000));
    mask_signals(&old, NULL);
    set(&kept, 2);
    await(&told, 2);
    return argument;
}

static void collect_in_child(void)
{
    pid_t child = fork();
    int status;
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        uint64_t before = count_collections();
        gc_free(gc_alloc(100));
        gc_collect();
        _exit(count_collections() == before);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Collections are put off while the thread is deaf; forks are not. */
START_TEST(deaf)
{
    hidden = new_hidden(5000);
    gc_disable();
    pthread_t thread = run(block_and_compute, NULL);
    await(&kept, 1);
    gc_enable();
    uint64_t before = count_collections();
    for (int i = 0; i < 20; i++)
        gc_collect();
    ck_assert_uint_eq(count_collections(), before);
    ck_assert(lives(hidden));
    collect_in_child();
    set(&told, 1);
    await(&kept, 2);
    gc_collect();
    ck_assert_uint_gt(count_collections(), before);
    set(&told, 2);
    joined(thread);
}
END_TEST

/* ---- Waiting for who is stopped, with the signal blocked -------------------------------------- */

enum { ITERATIONS = 30000000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *work_with_lock(void *argument)
{
    pthread_mutex_lock(&lock);
    set(&kept, 1);
    await(&told, 1);
    for (volatile int i = 0; i < ITERATIONS; i++)
        ;
    pthread_mutex_unlock(&lock);
    return argument;
}

static void *wait_for_lock(void *argument)
{
    uint64_t all = ~UINT64_C(0), old;
    mask_signals(&all, &old);
    *(pid_t *)argument = gettid();
    set(&kept, 2);
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    mask_signals(&old, NULL);
    return argument;
}

static bool sleeps(pid_t tid)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    FILE *file = fopen(path, "r");
    bool known = file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    if (file)
        fclose(file);
    ck_assert(known);
    return state == 'S';
}

/* As libunwind waits for the loader's lock: the stop is tried again until the lock is free. */
START_TEST(waiting_for_who_is_stopped)
{
    pid_t waiter = 0;
    pthread_t threads[2];
    threads[0] = run(work_with_lock, NULL);
    await(&kept, 1);
    threads[1] = run(wait_for_lock, &waiter);
    await(&kept, 2);
    while (!sleeps(waiter))
        usleep(1000);
    uint64_t before = count_collections();
    set(&told, 1);
    gc_collect();
    ck_assert_uint_eq(count_collections(), before + 1);
    joined(threads[0]);
    joined(threads[1]);
}
END_TEST

/* ---- No entry in the system's queue of signals ---------------------------------------------- */

static void *compute(void *argument)
{
    void *volatile object = gc_alloc(100);
    __atomic_fetch_add(&kept, 1, __ATOMIC_ACQ_REL);
    await(&told, 1);
    return object ? argument : NULL;
}

static void *block_by_wish(void *argument)
{
    gc_blocking_begin();
    __atomic_fetch_add(&kept, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&told, __ATOMIC_ACQUIRE) != 1)
        usleep(1000);
    gc_blocking_end();
    return argument;
}

/* Threads that run, allocate, and are safe: the signal comes to all that have to stop. */
START_TEST(no_queue)
{
    enum { COMPUTE = 3, BLOCK = 2 };
    pthread_t threads[COMPUTE + BLOCK];
    struct rlimit usual, none;
    ck_assert_int_eq(getrlimit(RLIMIT_SIGPENDING, &usual), 0);
    none = (struct rlimit){0, usual.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_SIGPENDING, &none), 0);
    for (int i = 0; i < COMPUTE + BLOCK; i++)
        threads[i] = run(i < COMPUTE ? compute : block_by_wish, NULL);
    await(&kept, COMPUTE + BLOCK);
    uint64_t before = count_collections();
    for (int i = 0; i < 20; i++)
        gc_collect();
    ck_assert_uint_eq(count_collections(), before + 20);
    ck_assert_int_eq(setrlimit(RLIMIT_SIGPENDING, &usual), 0);
    set(&told, 1);
    for (int i = 0; i < COMPUTE + BLOCK; i++)
        joined(threads[i]);
}
END_TEST

/* ---- Ended past every hook ------------------------------------------------------------------- */

static void *end_by_system_call(void *argument)
{
    void *volatile object = gc_alloc(200);
    __atomic_fetch_add(&kept, object != NULL, __ATOMIC_ACQ_REL);
    syscall(SYS_exit, 0);
    return argument;
}

START_TEST(ended_by_system_call)
{
    for (int i = 0; i < 30; i++)
        joined(run(end_by_system_call, NULL));
    ck_assert_int_eq(kept, 30);
    uint64_t before = count_collections();
    gc_collect();
    ck_assert_uint_eq(count_collections(), before + 1);
}
END_TEST

/* The main thread stays, as one that nobody has waited for, and seems to take signals. */
static void *collect_without_main(void *argument)
{
    for (int i = 0; i < 20; i++)
        gc_collect();
    _exit(count_collections() < 20 || !argument);
}

START_TEST(main_ended_by_system_call)
{
    pid_t child = fork();
    int status;
    if (child == 0) {
        void *volatile object = gc_alloc(100);
        run(collect_without_main, object);
        syscall(SYS_exit, 0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

/* ---- Blocked by functions that are no sigprocmask --------------------------------------------- */

static ucontext_t left, entered;
static char stack[1 << 16];

static void stay(void)
{
    set(&kept, 1);
    await(&told, 1);
}

static void go_to_context(void)
{
    getcontext(&entered);
    entered.uc_stack.ss_sp = stack;
    entered.uc_stack.ss_size = sizeof stack;
    entered.uc_link = &left;
    sigfillset(&entered.uc_sigmask);
    makecontext(&entered, stay, 0);
    swapcontext(&left, &entered);
}

static void set_context(void)
{
    static volatile bool again;
    again = false;
    getcontext(&entered);
    if (again)
        return stay();
    again = true;
    sigfillset(&entered.uc_sigmask);
    setcontext(&entered);
}

static void fill_mask(int number, siginfo_t *information, void *context)
{
    (void)number, (void)information;
    sigfillset(&((ucontext_t *)context)->uc_sigmask);
}

static void return_to_mask(void)
{
    struct sigaction action = {.sa_sigaction = fill_mask, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    stay();
}

static void hold_each(void)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    for (int i = 1; i < NSIG; i++)
        sighold(i);
#pragma GCC diagnostic pop
    stay();
}

enum { CONTEXT_WAYS = 2 }; /* the first ones */

static void (*const ways[])(void) = {go_to_context, set_context, return_to_mask,
                                     hold_each};

static void *block_in_a_way(void *way)
{
    ways[*(int *)way]();
    return NULL;
}

START_TEST(other_ways_to_block)
{
    pthread_t thread = run(block_in_a_way, &_i);
    await(&kept, 1);
    uint64_t before = count_collections();
    gc_collect();
    ck_assert_uint_eq(count_collections(), before + 1);
    set(&told, 1);
    joined(thread);
}
END_TEST

/* ---- Held by the kernel, until a child has called exec or ended -------------------------------- */

static int to_child[2], to_parent[2];

static void *wait_in_vfork(void *argument)
{
    char byte = 0;
    void *volatile word;
    store((void **)(uintptr_t)&word, hidden);
    pid_t child = vfork();
    if (child == 0) {
        if (write(to_parent[1], &byte, 1) == 1 && read(to_child[0], &byte, 1) == 1)
            _exit(7);
        _exit(8);
    }
    int status = 0;
    ck_assert(is_intact(hide(word), 5000));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    return argument;
}

START_TEST(parent_in_vfork)
{
    char byte;
    hidden = new_hidden(5000);
    gc_disable();
    ck_assert(pipe(to_child) == 0 && pipe(to_parent) == 0);
    pthread_t thread = run(wait_in_vfork, NULL);
    ck_assert_int_eq(read(to_parent[0], &byte, 1), 1);
    gc_enable();
    uint64_t before = count_collections();
    for (int i = 0; i < 5; i++)
        gc_collect();
    ck_assert_uint_eq(count_collections(), before + 5);
    ck_assert(lives(hidden));
    ck_assert_int_eq(write(to_child[1], &byte, 1), 1);
    joined(thread);
}
END_TEST

static char fifo[64];
extern char **environ;

static void *spawn_reader(void *argument)
{
    char *arguments[] = {(char *)(uintptr_t) "true", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, fifo, O_RDONLY, 0);
    set(&kept, 1);
    ck_assert_int_eq(posix_spawnp(&child, "true", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return argument;
}

/* The child waits for a writer, which comes after the collections. */
START_TEST(parent_in_posix_spawn)
{
    snprintf(fifo, sizeof fifo, "/tmp/gcalloc-stops-%d", getpid());
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    pthread_t thread = run(spawn_reader, NULL);
    await(&kept, 1);
    uint64_t before = count_collections();
    for (int i = 0; i < 50; i++) {
        gc_collect();
        usleep(1000);
    }
    ck_assert_uint_eq(count_collections(), before + 50);
    int file = open(fifo, O_WRONLY);
    unlink(fifo);
    joined(thread);
    close(file);
}
END_TEST

TCase *stops_case(void)
{
    TCase *tc = tcase_create("stops");
    tcase_set_timeout(tc, 120);
    if (UNDER_TSAN) /* it sees neither such masks nor such ends */
        return tc;
    tcase_add_test(tc, deaf);
    tcase_add_test(tc, waiting_for_who_is_stopped);
    tcase_add_test(tc, no_queue);
    if (!UNDER_ASAN) /* whose own record of such a thread is never dropped */
        tcase_add_test(tc, ended_by_system_call);
    tcase_add_test(tc, main_ended_by_system_call);
    tcase_add_loop_test(tc, other_ways_to_block, library_is_shared() ? 0 : CONTEXT_WAYS,
                        4);
    if (!library_is_shared()) /* nothing stands in front of these */
        return tc;
    tcase_add_test(tc, parent_in_vfork);
    tcase_add_test(tc, parent_in_posix_spawn);
    return tc;
}
