/* Libraries that come and go while others collect: their variables, and the loader's locks,
 * which nobody may wait for while the world is stopped. */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "stage.h"

enum { SIZE = 300, ROUNDS = 2 };

static void *open_library(const char *name)
{
    char path[sizeof LIBRARIES + 20];
    snprintf(path, sizeof path, "%s%s.so", LIBRARIES, name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(library, "%s", dlerror());
    return library;
}

static void **word_of(void *library, const char *function)
{
    void **(*word)(void);
    *(void **)&word = dlsym(library, function);
    ck_assert_ptr_nonnull(word);
    return word();
}

static void close_library(void *library)
{
    ck_assert_int_eq(dlclose(library), 0);
}

/* ---- Thread-local variables of a library that is younger than the thread ------------------ */

static void *open_in_another_thread(void *name)
{
    return open_library(name);
}

static void keep_in_library(char *name)
{
    void *library = joined(run(open_in_another_thread, name));
    void **word = word_of(library, "library_tls");
    store(word, stage.hidden);
    keep();
    store(word, 0);
    gone();
    close_library(library);
}

static void *in_small_library(void *argument)
{
    keep_in_library("small");
    return argument;
}

static void *in_large_library(void *argument)
{
    keep_in_library("large");
    return argument;
}

START_TEST(dynamic_tls)
{
    check_place(in_small_library);
    check_place(in_large_library);
}
END_TEST

/* With the library its variables go, though the thread has not noticed. */
static void *until_closed(void *argument)
{
    void *library = open_library("small");
    store(word_of(library, "library_tls"), stage.hidden);
    keep();
    close_library(library);
    gone();
    return argument;
}

START_TEST(closed_library)
{
    check_place(until_closed);
}
END_TEST

/* The large library gets the number that the small one had, in whose place the thread still
 * has its few words. */
static void *use_small(void *argument)
{
    void *library = open_library("small");
    *word_of(library, "library_tls") = argument;
    keep();
    close_library(library);
    gone();
    return argument;
}

START_TEST(number_of_a_closed_library)
{
    for (int i = 0; i < 20; i++) {
        pthread_t thread = begin_place(use_small, SIZE);
        set(&stage.told, 1);
        await(&stage.kept, 2);
        void *library = open_library("large");
        store(word_of(library, "library_tls"), stage.hidden);
        check_kept(SIZE);
        store(word_of(library, "library_tls"), 0);
        check_gone(SIZE);
        set(&stage.told, 2);
        joined(thread);
        close_library(library);
    }
}
END_TEST

/* ---- While others use the loader ------------------------------------------------------------ */

static int enough;

static bool is_enough(void)
{
    return __atomic_load_n(&enough, __ATOMIC_ACQUIRE);
}

static void *open_and_close(void *name)
{
    while (!is_enough()) {
        void *library = open_library(name);
        *word_of(library, "library_tls") = gc_alloc(SIZE);
        close_library(library);
    }
    return NULL;
}

/* Each in a name space of its own, with a C library of its own. */
static void *open_and_close_apart(void *argument)
{
    while (!is_enough()) {
        void *library = dlmopen(LM_ID_NEWLM, LIBRARIES "small.so", RTLD_NOW);
        ck_assert_msg(library, "%s", dlerror());
        close_library(library);
    }
    return argument;
}

/* The loader's lock is held. */
static int linger(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)info, (void)size, (void)argument;
    for (int i = 0; i < 10; i++)
        if (!tree_is_sound(grow_tree(4, 2), 4, 2))
            abort();
    return 0;
}

/* docs/limits.md: not with the static library. */
static void *look_at_libraries(void *argument)
{
    while (!is_enough()) {
        if (library_is_shared())
            dl_iterate_phdr(linger, NULL);
        usleep(100);
    }
    return argument;
}

static void *allocate(void *argument)
{
    while (!is_enough())
        if (!tree_is_sound(grow_tree(6, 3), 6, 3))
            abort();
    return argument;
}

static uint64_t collections(void)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    return stats.collections;
}

/* While these run; the others are gone when it is looked for: they might get its place. */
static void keep_while(pthread_t threads[], size_t count)
{
    uint64_t before = collections();
    check_kept(SIZE);
    ck_assert_uint_ge(collections(), before + COLLECTIONS);
    set(&enough, 1);
    for (size_t i = 0; i < count; i++)
        joined(threads[i]);
    ck_assert(is_intact(stage.hidden, SIZE));
    enough = 0;
}

static void *begin_in_new_library(void)
{
    void *library = open_library("held");
    gc_disable();
    stage.hidden = new_hidden(SIZE);
    store(word_of(library, "library_data"), stage.hidden);
    gc_enable();
    return library;
}

START_TEST(loader_at_work)
{
    for (int i = 0; i < ROUNDS; i++) {
        void *library = begin_in_new_library();
        pthread_t threads[] = {run(open_and_close, "small"), run(open_and_close, "large"),
                               run(look_at_libraries, NULL), run(allocate, NULL)};
        keep_while(threads, sizeof threads / sizeof threads[0]);
        close_library(library);
        check_gone(SIZE);
    }
}
END_TEST

START_TEST(name_spaces)
{
    for (int i = 0; i < ROUNDS; i++) {
        void *library = begin_in_new_library();
        pthread_t threads[] = {run(open_and_close_apart, NULL),
                               run(open_and_close, "large"), run(allocate, NULL)};
        keep_while(threads, sizeof threads / sizeof threads[0]);
        close_library(library);
        check_gone(SIZE);
    }
}
END_TEST

static nlink_t thread_count(void)
{
    struct stat s;
    ck_assert_int_eq(stat("/proc/self/task", &s), 0);
    return s.st_nlink;
}

static int allocate_much(struct dl_phdr_info *information, size_t size, void *argument)
{
    (void)information;
    (void)size;
    for (int i = 0; i < 500; i++)
        ck_assert_ptr_nonnull(gc_alloc(100000));
    gc_collect();
    return argument != NULL;
}

/* A thread cannot be started there without waiting for locks of the loader, whose holder may
 * wait for the one that the callback has. */
START_TEST(no_thread_in_a_callback)
{
    Dl_info library, program;
    ck_assert(dladdr((void *)(uintptr_t)gc_init, &library) &&
              dladdr((void *)(uintptr_t)libraries_case, &program));
    if (library.dli_fbase == program.dli_fbase)
        return; /* a static library does without */
    ck_assert_int_eq(gc_option_set("markers", "2"), 0);
    gc_init();
    nlink_t before = thread_count();
    dl_iterate_phdr(allocate_much, &before);
    ck_assert_uint_eq(thread_count(), before);
    allocate_much(NULL, 0, NULL);
    ck_assert_uint_gt(thread_count(), before);
}
END_TEST

TCase *libraries_case(void)
{
    TCase *tc = tcase_create("libraries");
    tcase_add_test(tc, dynamic_tls);
    tcase_add_test(tc, closed_library);
    tcase_add_test(tc, number_of_a_closed_library);
    if (UNDER_TSAN) /* dlopen and dlclose wait for its locks, also for a stopped thread's */
        return tc;
    tcase_add_test(tc, loader_at_work);
    tcase_add_test(tc, name_spaces);
    tcase_add_test(tc, no_thread_in_a_callback);
    return tc;
}
