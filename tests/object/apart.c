/* Finalizers on the library's own thread (option finalizers=thread), at the end of the program (option
 * finalize_at_exit), and in children of fork. */
#include "object.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "witness.h"

/* What the processes of a test have done. */
static struct shared {
    int begun, calls, here, again, blocked;
    char letters[4 * NODES];
} * shared;

static void begin(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(shared != MAP_FAILED);
}

static int count(const int *n)
{
    return __atomic_load_n(n, __ATOMIC_SEQ_CST);
}

static int increment(int *n)
{
    return __atomic_fetch_add(n, 1, __ATOMIC_SEQ_CST);
}

static void await_count(const int *n, int at_least)
{
    while (count(n) < at_least)
        sched_yield();
}

static void set_option(const char *key, const char *value)
{
    ck_assert_int_eq(gc_option_set(key, value), 0);
}

static pthread_t main_thread;

/* The last thing that is done for this object. */
static void note(void *object, void *data)
{
    const struct node *n = object;
    (void)data;
    if (!has_pattern(n->pattern, sizeof n->pattern, n->letter))
        abort();
    if (pthread_equal(pthread_self(), main_thread))
        increment(&shared->here);
    shared->letters[increment(&shared->begun)] = (char)('a' + (int)n->letter);
    increment(&shared->calls); /* who sees it sees the letter, too */
}

static void (*chosen)(void *, void *);

static void set_chosen(void *letters)
{
    for (const char *l = letters; *l; l++)
        gc_finalizer_set(node_of(*l), chosen, NULL);
}

static void make_with(void (*function)(void *, void *), const char *edges,
                      const char *letters)
{
    char copy[NODES + 1];
    main_thread = pthread_self();
    strcpy(copy, letters);
    graph_make(edges, letters, "");
    chosen = function;
    deeply(set_chosen, copy);
}

/* ---- The library's thread ---------------------------------------------------------------------- */

START_TEST(on_the_librarys_thread)
{
    begin();
    set_option("finalizers", "thread");
    make_with(note, "ab bc", "abc");
    while (count(&shared->calls) < 3) { /* the last one may still be called */
        collect(1);
        sched_yield();
    }
    ck_assert_str_eq(shared->letters, "abc");
    ck_assert_int_eq(shared->here, 0);
    ck_assert_uint_eq(gc_finalizers_ready(), 0);
}
END_TEST

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void do_much(void *object, void *data)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < 1000; i++)
        ck_assert_ptr_nonnull(gc_alloc(i));
    gc_collect();
    gc_finalizer_set(gc_alloc(16), NULL, NULL);
    gc_free(gc_alloc(100));
    pthread_mutex_unlock(&mutex);
    note(object, data);
}

START_TEST(may_do_anything)
{
    begin();
    set_option("finalizers", "thread");
    make_with(do_much, "ax bx cx", "abc");
    pthread_mutex_lock(&mutex);
    collect(2);
    pthread_mutex_unlock(&mutex);
    await_count(&shared->calls, 3);
    ck_assert_int_eq(shared->here, 0);
    ck_assert_uint_eq(strlen(shared->letters), 3);
}
END_TEST

static void note_and_end(void *object, void *data)
{
    note(object, data);
    pthread_exit(NULL);
}

START_TEST(may_end_it)
{
    begin();
    set_option("finalizers", "thread");
    make_with(note_and_end, "ad bd cd", "abcd");
    collect(1);
    await_count(&shared->calls, 3);
    while (count(&shared->calls) < 4) /* d was reached from the stack of one that ended */
        collect(1);
    ck_assert_int_eq(shared->here, 0);
    ck_assert_int_eq(shared->letters[3], 'd');
}
END_TEST

/* Ready before the option is set, and when there is no collection that finds more. */
START_TEST(ready_before)
{
    begin();
    make_with(note, "", "abcd");
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), 4);
    set_option("finalizers", "thread");
    collect(1);
    await_count(&shared->calls, 4);
    ck_assert_int_eq(shared->here, 0);
}
END_TEST

/* ---- Children ---------------------------------------------------------------------------------- */

/* The exit status of body() in a child. */
static int in_child(void (*body)(void))
{
    int status;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        body();
        _exit(99);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "status %x", (unsigned)status);
    return WEXITSTATUS(status);
}

static void fork_and_return(void *object, void *data)
{
    pid_t child = fork();
    if (child == 0)
        alarm(60); /* which nothing else would end if it spun */
    else
        __atomic_store_n(&shared->here, (int)child, __ATOMIC_RELEASE);
    (void)object, (void)data;
}

static void make_forking(void *unused)
{
    (void)unused;
    ck_assert(gc_finalizer_set(gc_alloc(16), fork_and_return, NULL) == NULL);
}

/* The library's thread is the only one of a child that a finalizer made there: with it the child ends. */
START_TEST(child_of_the_librarys_thread)
{
    int child, status;
    begin();
    set_option("finalizers", "thread");
    deeply(make_forking, NULL);
    collect(2);
    while ((child = __atomic_load_n(&shared->here, __ATOMIC_ACQUIRE)) == 0)
        sched_yield();
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

static void run_ready_and_end(void)
{
    main_thread = pthread_self();
    if (gc_finalizers_ready() != 2 || run_ready() != 2)
        _exit(1);
    gc_collect();
    _exit(run_ready() == 1 ? 0 : 2);
}

/* The child has the same, and its own. */
START_TEST(ready_in_both)
{
    begin();
    make_with(note, "ac bc", "abc");
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), 2);
    ck_assert_int_eq(in_child(run_ready_and_end), 0);
    ck_assert_int_eq(shared->calls, 3);
    ck_assert_uint_eq(gc_finalizers_ready(), 2);
    ck_assert_uint_eq(run_ready(), 2);
    collect(1);
    ck_assert_uint_eq(run_ready(), 1);
    ck_assert_int_eq(shared->calls, 6);
}
END_TEST

/* Waits in the parent; the child has it not, and has the others. */
static void block_in_parent(void *object, void *data)
{
    static pid_t parent;
    if (!parent)
        parent = getpid();
    if (getpid() == parent) {
        increment(&shared->blocked);
        await_count(&shared->again, 1);
    }
    note(object, data);
}

static void collect_and_wait(void)
{
    gc_collect();
    await_count(&shared->calls, 3);
    _exit(count(&shared->here));
}

START_TEST(child_while_the_librarys_thread_works)
{
    begin();
    set_option("finalizers", "thread");
    make_with(block_in_parent, "", "abcd");
    collect(1);
    await_count(&shared->blocked, 1);
    ck_assert_int_eq(in_child(collect_and_wait), 0);
    ck_assert_int_eq(shared->calls, 3);
    increment(&shared->again);
    await_count(&shared->calls, 7);
    ck_assert_int_eq(shared->here, 0);
}
END_TEST

/* ---- The end ------------------------------------------------------------------------------------ */

static void leave_by_pthread_exit(void)
{
    make_with(note, "", "abcd");
    collect(1);
    await_count(&shared->calls, 4);
    pthread_exit(NULL);
}

START_TEST(main_thread_ends)
{
    begin();
    set_option("finalizers", "thread");
    ck_assert_int_eq(in_child(leave_by_pthread_exit), 0);
    ck_assert_int_eq(shared->calls, 4);
}
END_TEST

static void never_return(void *object, void *data)
{
    note(object, data);
    for (;;)
        pause();
}

static void exit_meanwhile(void)
{
    make_with(never_return, "", "a");
    collect(1);
    await_count(&shared->calls, 1);
    exit(7);
}

START_TEST(exit_while_it_works)
{
    begin();
    set_option("finalizers", "thread");
    ck_assert_int_eq(in_child(exit_meanwhile), 7);
}
END_TEST

static void exit_itself(void *object, void *data)
{
    note(object, data);
    exit(8);
}

static void wait_for_exit(void)
{
    make_with(exit_itself, "", "a");
    collect(1);
    for (;;)
        pause();
}

START_TEST(exit_by_it)
{
    begin();
    set_option("finalizers", "thread");
    set_option("finalize_at_exit", "1");
    ck_assert_int_eq(in_child(wait_for_exit), 8);
    ck_assert_int_eq(shared->calls, 1);
}
END_TEST

static void exit_with_some(void)
{
    make_with(note, "ab bc xy yx", "abcxyk");
    kept_nodes[0] = node_of('k');
    exit(9);
}

/* First in order, then those in circles and those that are reached. */
START_TEST(at_exit)
{
    begin();
    set_option("finalize_at_exit", "1");
    ck_assert_int_eq(in_child(exit_with_some), 9);
    ck_assert_int_eq(shared->calls, 6);
    ck_assert_str_eq((shared->letters[3] = 0, shared->letters), "abc");
}
END_TEST

START_TEST(not_at_exit)
{
    begin();
    ck_assert_int_eq(in_child(exit_with_some), 9);
    ck_assert_int_eq(shared->calls, 0);
}
END_TEST

static void set_again(void *object, void *data)
{
    if (increment(&shared->again) == 100000)
        abort(); /* it goes on for ever */
    gc_finalizer_set(object, set_again, data);
}

static void exit_with_persistent(void)
{
    make_with(note, "", "abkl");
    kept_nodes[0] = node_of('k');
    kept_nodes[1] = node_of('l');
    gc_finalizer_set(node_of('b'), set_again, NULL);
    gc_finalizer_set(node_of('l'), set_again, NULL);
    exit(10);
}

/* Some are set again whenever they are called: it ends all the same, and the others are called. */
START_TEST(set_again_at_exit)
{
    begin();
    set_option("finalize_at_exit", "1");
    ck_assert_int_eq(in_child(exit_with_persistent), 10);
    ck_assert_int_eq(shared->calls, 2);
    ck_assert_int_ge(shared->again, 2);
}
END_TEST

static void *exit_in_thread(void *unused)
{
    exit(11);
    return unused;
}

static void exit_by_thread(void)
{
    pthread_t thread;
    make_with(note, "ab", "ab");
    pthread_create(&thread, NULL, exit_in_thread, NULL);
    pthread_join(thread, NULL);
}

START_TEST(at_exit_by_another_thread)
{
    begin();
    set_option("finalize_at_exit", "1");
    ck_assert_int_eq(in_child(exit_by_thread), 11);
    ck_assert_int_eq(shared->calls, 2);
    ck_assert_str_eq(shared->letters, "ab");
}
END_TEST

TCase *apart_case(void)
{
    TCase *tc = tcase_create("apart");
    tcase_add_test(tc, on_the_librarys_thread);
    tcase_add_test(tc, may_do_anything);
    tcase_add_test(tc, may_end_it);
    tcase_add_test(tc, ready_before);
    tcase_add_test(tc, ready_in_both);
    tcase_add_test(tc, child_while_the_librarys_thread_works);
    if (!UNDER_TSAN) /* which has a thread of its own, so that the last one of the program ends nothing */
        tcase_add_test(tc, child_of_the_librarys_thread);
    tcase_add_test(tc, main_thread_ends);
    tcase_add_test(tc, exit_while_it_works);
    tcase_add_test(tc, exit_by_it);
    tcase_add_test(tc, at_exit);
    tcase_add_test(tc, not_at_exit);
    tcase_add_test(tc, set_again_at_exit);
    tcase_add_test(tc, at_exit_by_another_thread);
    return tc;
}
