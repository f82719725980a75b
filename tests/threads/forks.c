/* fork of a program whose other threads are anywhere. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "threads.h"

extern char **environ;

static int enough;

static void *allocate_all_the_time(void *argument)
{
    for (int i = 0; !__atomic_load_n(&enough, __ATOMIC_ACQUIRE); i++) {
        const struct tree *t = grow_tree(8, i);
        gc_free(gc_alloc(30000 + (size_t)i % 100000));
        free(malloc(1000));
        if (!tree_is_sound(t, 8, i))
            abort();
    }
    return argument;
}

static void *work(void *argument)
{
    return grow_tree(10, (long)(intptr_t)argument);
}

/* The child allocates, collects and starts threads of its own.  AddressSanitizer has there
 * what it noted of the stacks of the other threads, which new ones take over: reports
 * without cause. */
static int child(const struct tree *kept)
{
    if (!tree_is_sound(kept, 8, 5))
        return 1;
    const struct tree *t = grow_tree(10, 3);
    gc_collect();
    if (!tree_is_sound(t, 10, 3) || !tree_is_sound(kept, 8, 5))
        return 2;
    if (UNDER_ASAN)
        return 0;
    pthread_t thread;
    void *result;
    if (pthread_create(&thread, NULL, work, (void *)4) != 0)
        return 3;
    gc_collect();
    pthread_join(thread, &result);
    return tree_is_sound(result, 10, 4) ? 0 : 4;
}

static void expect_success(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(status == 0, "status %#x", (unsigned)status);
}

START_TEST(children)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = run(allocate_all_the_time, NULL);
    struct tree *kept = grow_tree(8, 5);
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(child(kept));
        ck_assert(tree_is_sound(kept, 8, 5));
        expect_success(pid);
    }
    set(&enough, 1);
    for (int i = 0; i < 3; i++)
        joined(threads[i]);
}
END_TEST

START_TEST(other_programs)
{
    pthread_t thread = run(allocate_all_the_time, NULL);
    char *command[] = {"true", NULL};
    for (int i = 0; i < 10; i++) {
        pid_t pid;
        ck_assert_int_eq(posix_spawnp(&pid, "true", NULL, NULL, command, environ), 0);
        expect_success(pid);
        ck_assert_int_eq(system("true"), 0);
        pid = vfork();
        if (pid == 0)
            _exit(0);
        expect_success(pid);
    }
    set(&enough, 1);
    joined(thread);
}
END_TEST

/* ---- Another program in place of this one ------------------------------------------------ */

enum { EXEC_WAYS = 8, EXECS = 30 };

static char program[] = "/bin/true";

/* Becomes another program, by one of the functions for that. */
static void become(int way)
{
    char *arguments[] = {program, NULL};
    if (way == 0)
        execve(program, arguments, environ);
    else if (way == 1)
        execv(program, arguments);
    else if (way == 2)
        execvp("true", arguments);
    else if (way == 3)
        execvpe("true", arguments, environ);
    else if (way == 4)
        execl(program, "true", "argument", (char *)NULL);
    else if (way == 5)
        execlp("true", "true", (char *)NULL);
    else if (way == 6)
        execle(program, "true", "argument", (char *)NULL, environ);
    else
        fexecve(open(program, O_RDONLY | O_CLOEXEC), arguments, environ);
}

static void *become_at_once(void *argument)
{
    become((int)(intptr_t)argument);
    _exit(2);
}

static int collected_in_child;

static void *collect_for_ever(void *argument)
{
    for (;; __atomic_store_n(&collected_in_child, 1, __ATOMIC_RELEASE))
        gc_collect();
    return argument;
}

/* The child has a thread that stops the world all the time.  Either of the others may be the one
 * that becomes another program. */
static void become_beside_collections(int way, int turn)
{
    pthread_t thread;
    void *volatile object = gc_alloc(40);
    if (pthread_create(&thread, NULL, collect_for_ever, object) != 0)
        _exit(3);
    while (!__atomic_load_n(&collected_in_child, __ATOMIC_ACQUIRE))
        sched_yield();
    usleep((unsigned)turn * 13);
    if (turn % 2)
        become(way);
    else if (pthread_create(&thread, NULL, become_at_once, (void *)(intptr_t)way) == 0)
        pthread_join(thread, NULL);
    _exit(4);
}

/* A stop signal that waits for the thread when it calls exec would end the new program. */
START_TEST(exec_beside_collections)
{
    for (int i = 0; i < EXECS; i++) {
        pid_t pid = fork();
        if (pid == 0)
            become_beside_collections(_i, i);
        expect_success(pid);
    }
}
END_TEST

/* Where there is no such program, the caller goes on, and what it holds stays. */
START_TEST(exec_that_fails)
{
    pthread_t thread = run(allocate_all_the_time, NULL);
    struct tree *kept = grow_tree(8, 5);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(execl("/nowhere", "nowhere", (char *)NULL), -1);
        ck_assert_int_eq(errno, ENOENT);
        gc_collect();
        ck_assert(tree_is_sound(kept, 8, 5) && tree_is_sound(grow_tree(6, i), 6, i));
    }
    set(&enough, 1);
    joined(thread);
}
END_TEST

/* A child of vfork shares the memory and has no threads: a collection there would take the
 * parent's for lost, and what they hold for garbage. */
static int keeping;
static uintptr_t hidden_kept;

static void *keep_one(void *argument)
{
    void *volatile word;
    hidden_kept = new_hidden(40);
    store((void **)(uintptr_t)&word, hidden_kept);
    set(&keeping, 1);
    await(&keeping, 2);
    return argument;
}

START_TEST(collection_in_a_child_of_vfork)
{
    pthread_t thread = run(keep_one, NULL);
    await(&keeping, 1);
    pid_t pid = vfork();
    if (pid == 0) {
        gc_collect();
        _exit(0);
    }
    expect_success(pid);
    gc_collect();
    ck_assert(lives(hidden_kept));
    set(&keeping, 2);
    joined(thread);
}
END_TEST

/* ---- Before there is a heap ------------------------------------------------------------- */

enum { STARTS = 200, HANGS_AFTER = 120000 /* milliseconds */ };

/* The library blocks signals while it makes the heap: no alarm ends a child that hangs. */
static int end_of(pid_t pid)
{
    int status;
    for (int i = 0; i < HANGS_AFTER; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        usleep(1000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return status;
}

static void *allocate_first(void *argument)
{
    set(argument, 1);
    return gc_alloc(40);
}

/* Forks while another thread makes the heap, somewhat later from time to time. */
static int fork_at_start(int later)
{
    int begun = 0;
    pthread_t thread = run(allocate_first, &begun);
    await(&begun, 1);
    for (volatile int i = 0; i < later; i++)
        continue;
    pid_t pid = fork();
    if (pid == 0)
        _exit(tree_is_sound(grow_tree(7, 3), 7, 3) ? 0 : 1);
    int status = end_of(pid);
    joined(thread);
    return status == 0 ? 0 : 2;
}

START_TEST(while_the_heap_is_made)
{
    for (int i = 0; i < STARTS; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(fork_at_start(i * 200));
        expect_success(pid);
    }
}
END_TEST

/* ---- With call stacks ----------------------------------------------------------------- */

/* On a stack that nobody knows each call stack is libunwind's to walk. */
static char elsewhere[1 << 16];
static ucontext_t here, there;

static void run_elsewhere(void (*body)(void))
{
    getcontext(&there);
    there.uc_stack = (stack_t){.ss_sp = elsewhere, .ss_size = sizeof elsewhere};
    there.uc_link = &here;
    makecontext(&there, body, 0);
    swapcontext(&here, &there);
}

static void allocate_there(void)
{
    do
        gc_free(gc_alloc(40));
    while (!__atomic_load_n(&enough, __ATOMIC_ACQUIRE));
}

static void *allocate_elsewhere(void *argument)
{
    run_elsewhere(allocate_there);
    return argument;
}

/* Many calls, each in a place of its own, which every new thread looks up anew. */
#define ALLOCATE gc_free(gc_alloc(40));
#define FOUR(x) x x x x

static void *allocate_in_many_places(void *argument)
{
    FOUR(FOUR(FOUR(FOUR(ALLOCATE))))
    return argument;
}

static void *run_threads(void *argument)
{
    while (!__atomic_load_n(&enough, __ATOMIC_ACQUIRE))
        joined(run(allocate_in_many_places, NULL));
    return argument;
}

/* Both with stacks known by their layouts and with those that libunwind walks. */
static int child_with_stacks(void)
{
    const struct tree *t = grow_tree(7, 3);
    set(&enough, 1);
    allocate_elsewhere(NULL);
    allocate_in_many_places(NULL);
    gc_collect();
    return tree_is_sound(t, 7, 3) ? 0 : 5;
}

START_TEST(children_with_stacks)
{
    ck_assert_int_eq(gc_option_set("stacks", "1"), 0);
    pthread_t threads[] = {run(allocate_elsewhere, NULL), run(run_threads, NULL)};
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(HANGS_AFTER / 1000);
            _exit(child_with_stacks());
        }
        expect_success(pid);
    }
    set(&enough, 1);
    for (int i = 0; i < 2; i++)
        joined(threads[i]);
}
END_TEST

/* ---- While collections are prepared ------------------------------------------------------ */

static void collect_there(void)
{
    while (!__atomic_load_n(&enough, __ATOMIC_ACQUIRE))
        gc_collect();
}

static void *collect_elsewhere(void *argument)
{
    run_elsewhere(collect_there);
    return argument;
}

static int child_collects(const struct tree *kept)
{
    gc_collect();
    return tree_is_sound(kept, 8, 5) ? 0 : 6;
}

/* A thread that is not on its own stack looks whether it is on a registered one, and has
 * its frames walked, before it stops the others. */
START_TEST(children_of_collectors)
{
    static char registered[4096];
    ck_assert_int_eq(gc_stack_register(registered, registered + sizeof registered), 0);
    pthread_t thread = run(collect_elsewhere, NULL);
    const struct tree *kept = grow_tree(8, 5);
    for (int i = 0; i < 200; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(HANGS_AFTER / 1000);
            _exit(child_collects(kept));
        }
        expect_success(pid);
    }
    set(&enough, 1);
    joined(thread);
}
END_TEST

static int inside;

/* For so long that the other threads fork and collect meanwhile; the loader is locked. */
static int allocate_inside(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)info, (void)size, (void)argument;
    set(&inside, 1);
    for (int i = 0; i < 300; i++) {
        gc_free(gc_alloc(100000));
        usleep(100);
    }
    return 1;
}

static void *list_objects(void *argument)
{
    dl_iterate_phdr(allocate_inside, NULL);
    return argument;
}

static void *collect_once(void *argument)
{
    gc_collect();
    return argument;
}

/* One thread allocates with the loader locked, another asks the loader, which waits for
 * the first, and this one forks, which waits for the second. */
START_TEST(forks_in_callbacks)
{
    for (int i = 0; i < 5; i++) {
        inside = 0;
        pthread_t lister = run(list_objects, NULL);
        await(&inside, 1);
        pthread_t collector = run(collect_once, NULL);
        usleep(3000);
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        expect_success(pid);
        joined(collector);
        joined(lister);
    }
}
END_TEST

static int fork_inside(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)info, (void)size, (void)argument;
    pthread_t collector = run(collect_once, NULL);
    usleep(20000); /* it asks the loader by then */
    pid_t pid = fork();
    if (pid == 0)
        _exit(gc_alloc(100) ? 0 : 1);
    expect_success(pid);
    *(pthread_t *)argument = collector;
    return 1;
}

/* The loader is locked by the thread that forks itself. */
START_TEST(forks_inside_callbacks)
{
    pthread_t collector;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(dl_iterate_phdr(fork_inside, &collector), 1);
        joined(collector);
    }
}
END_TEST

TCase *forks_case(void)
{
    TCase *tc = tcase_create("forks");
    tcase_add_test(tc, other_programs);
    tcase_add_loop_test(tc, exec_beside_collections, 0, EXEC_WAYS);
    tcase_add_test(tc, exec_that_fails);
    tcase_add_test(tc, collection_in_a_child_of_vfork);
    tcase_add_test(tc, while_the_heap_is_made);
    /* ThreadSanitizer cannot start threads in a forked child, and is through with a thread
     * when libunwind, as the thread's last, takes a mutex to end what it has of it. */
    if (UNDER_TSAN)
        return tc;
    tcase_add_test(tc, children);
    tcase_add_test(tc, children_with_stacks);
    tcase_add_test(tc, children_of_collectors);
    return tc;
}

TCase *callbacks_case(void)
{
    TCase *tc = tcase_create("callbacks");
    if (UNDER_TSAN)
        return tc;
    tcase_add_test(tc, forks_in_callbacks);
    tcase_add_test(tc, forks_inside_callbacks);
    return tc;
}
