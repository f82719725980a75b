/* /proc is not there, or not this process's: hidden behind another file system, outside of the
 * root, or of another name space of processes.  Then nothing is lost; and where all threads are
 * known, what is dropped is reclaimed all the same. */
#include <check.h>
#include <fcntl.h>
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph.h"

enum { HANGS_AFTER = 300, SAID_BYTES = 4096, NOT_ALLOWED = 77 };

/* In a process of one thread: it may do the rest.  As root a user's name space is not needed. */
static void be_allowed(int spaces)
{
    if (unshare(spaces) != 0 && unshare(CLONE_NEWUSER | spaces) != 0)
        _exit(NOT_ALLOWED);
}

static void may_mount(void)
{
    be_allowed(CLONE_NEWNS);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        _exit(NOT_ALLOWED);
}

static void hide(void)
{
    if (mount("none", "/proc", "tmpfs", 0, NULL) != 0)
        _exit(NOT_ALLOWED);
}

static void may_change_root(void)
{
    if (chroot("/") != 0)
        be_allowed(CLONE_NEWUSER);
}

static void change_root(void)
{
    char place[] = "/tmp/gcalloc-root.XXXXXX";
    if (!mkdtemp(place) || chdir(place) != 0 || rmdir(place) != 0 || chroot(".") != 0)
        _exit(NOT_ALLOWED);
}

/* The process that goes on has other numbers than /proc shows. */
static void have_other_numbers(void)
{
    int status;
    be_allowed(CLONE_NEWPID);
    pid_t pid = fork();
    if (pid == 0)
        return;
    if (waitpid(pid, &status, 0) != pid)
        status = 1;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* No more descriptors can be opened; those that are open stay. */
static void take_descriptors(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_NOFILE, &none);
}

static void nothing(void)
{
}

enum { ANOTHER_ROOT = 1 };

static const struct way {
    const char *name;
    void (*prepare)(void), (*begin)(void);
} ways[] = {
    {"a file system over /proc", may_mount, hide},
    [ANOTHER_ROOT] = {"another root", may_change_root, change_root},
    {"another name space of processes", have_other_numbers, nothing},
    {"no descriptors", nothing, take_descriptors},
};

enum { WAYS = sizeof ways / sizeof *ways };

static char *said;

/* In a child.  false: the system does not let it. */
static bool run(const struct way *w, void (*body)(void *), void *argument)
{
    int status;
    said[0] = '\0';
    pid_t pid = fork();
    if (pid == 0) {
        w->prepare();
        body(argument);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    bool allowed = !WIFEXITED(status) || WEXITSTATUS(status) != NOT_ALLOWED;
    if (!allowed)
        printf("skipped: %s is not allowed here\n", w->name);
    ck_assert_msg(!allowed || status == 0, "%s: status %x %s", w->name, (unsigned)status,
                  said);
    return allowed;
}

START_TEST(nothing_is_lost)
{
    for (enum graph_moment moment = BEFORE_FIRST_USE; moment <= WHEN_BUILT; moment++) {
        struct graph_run r = {
            .moment = moment,
            .options = "log=1",
            .begin = ways[_i].begin,
            .said = said,
            .said_bytes = SAID_BYTES,
        };
        run(&ways[_i], graph_run, &r);
    }
}
END_TEST

static bool runs, over; /* atomic */

static void *live(void *argument)
{
    void *volatile word = gc_alloc(100);
    __atomic_store_n(&runs, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE))
        sched_yield();
    return word ? argument : NULL;
}

static void start_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, live, NULL) != 0)
        _exit(1);
    while (!__atomic_load_n(&runs,
                            __ATOMIC_ACQUIRE)) /* one that has not begun is not known */
        sched_yield();
}

/* What was allocated and not kept, of which a stale word keeps little. */
static void expect_collected(void)
{
    enum { OBJECTS = 1000, BYTES = 2000 };
    uintptr_t hidden[OBJECTS];
    size_t left = 0;
    for (size_t i = 0; i < OBJECTS; i++)
        hidden[i] = ~(uintptr_t)gc_alloc(BYTES);
    gc_collect();
    for (size_t i = 0; i < OBJECTS; i++)
        left += gc_base((void *)~hidden[i]) != NULL;
    snprintf(said, SAID_BYTES, "%zu of %d are left", left, OBJECTS);
    _exit(left < OBJECTS / 2 ? 0 : 1);
}

static void drop_and_collect(void *way)
{
    start_thread();
    gc_collect();
    ((const struct way *)way)->begin();
    expect_collected();
}

START_TEST(what_is_dropped_goes)
{
    run(&ways[_i], drop_and_collect, (void *)(uintptr_t)&ways[_i]);
}
END_TEST

/* As servers do. */
static void change_root_first(void *way)
{
    gc_collect();
    ((const struct way *)way)->begin();
    start_thread();
    expect_collected();
}

START_TEST(threads_begin_in_another_root)
{
    run(&ways[ANOTHER_ROOT], change_root_first, (void *)(uintptr_t)&ways[ANOTHER_ROOT]);
}
END_TEST

/* A program of one thread that looks through its descriptors finds none of the library's. */
START_TEST(one_thread_has_its_own_descriptors)
{
    char name[64], file[64];
    for (int i = 0; i < 10; i++)
        gc_collect();
    for (int number = 0; number < 65536; number++) {
        snprintf(name, sizeof name, "/proc/self/fd/%d", number);
        ssize_t length = readlink(name, file, sizeof file);
        if (length >= 5 && memcmp(file, "/proc", 5) == 0)
            ck_abort_msg("descriptor %d is %.*s", number, (int)length, file);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hidden");
    TCase *c = tcase_create("hidden");
    tcase_set_timeout(c, HANGS_AFTER);
    tcase_add_loop_test(c, nothing_is_lost, 0, WAYS);
    tcase_add_loop_test(c, what_is_dropped_goes, 0, WAYS);
    tcase_add_test(c, threads_begin_in_another_root);
    tcase_add_test(c, one_thread_has_its_own_descriptors);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    said =
        mmap(NULL, SAID_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    SRunner *r = srunner_create(suite());
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
