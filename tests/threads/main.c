#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "threads.h"

enum { HANGS_AFTER = 300 };

pthread_t run(void *(*start)(void *), void *argument)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, start, argument), 0);
    return thread;
}

void *joined(pthread_t thread)
{
    void *result;
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    return result;
}

bool library_is_shared(void)
{
    Dl_info found;
    return dladdr((void *)(uintptr_t)gc_alloc, &found) &&
           strstr(found.dli_fname, "/libgcalloc");
}

void set(int *number, int value)
{
    __atomic_store_n(number, value, __ATOMIC_RELEASE);
}

void await(const int *number, int value)
{
    while (__atomic_load_n(number, __ATOMIC_ACQUIRE) != value)
        sched_yield();
}

void mask_signals(const uint64_t *mask, uint64_t *old)
{
    ck_assert_int_eq(syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, old, sizeof *mask),
                     0);
}

NOINLINE static void overwrite(void)
{
    volatile char frame[40000];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = 0;
}

NOINLINE static void further_down(void (*work)(void *), void *argument)
{
    volatile char frame[20000];
    frame[0] = 0;
    work(argument);
    frame[1] = frame[0];
}

NOINLINE void deeply(void (*work)(void *), void *argument)
{
    further_down(work, argument);
    overwrite();
}

struct request {
    size_t size;
    uintptr_t hidden;
    void **word;
    bool holds;
};

/* No eight of them look like an address. */
static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 7 | 1);
}

static void allocate(void *argument)
{
    struct request *r = argument;
    unsigned char *object = gc_alloc(r->size);
    ck_assert_ptr_nonnull(object);
    for (size_t i = 0; i < r->size; i++)
        object[i] = pattern(i);
    r->hidden = hide(object);
}

uintptr_t new_hidden(size_t size)
{
    struct request r = {.size = size};
    deeply(allocate, &r);
    return r.hidden;
}

static void put(void *argument)
{
    const struct request *r = argument;
    *r->word = r->hidden ? reveal(r->hidden) : NULL;
}

void store(void **word, uintptr_t hidden)
{
    struct request r = {.word = word, .hidden = hidden};
    deeply(put, &r);
}

static void look(void *argument)
{
    struct request *r = argument;
    r->holds = gc_base(reveal(r->hidden)) == reveal(r->hidden);
}

void *collect_until_set(void *number)
{
    while (!__atomic_load_n((const int *)number, __ATOMIC_ACQUIRE))
        gc_collect();
    return NULL;
}

bool lives(uintptr_t hidden)
{
    struct request r = {.hidden = hidden};
    deeply(look, &r);
    return r.holds;
}

static void compare(void *argument)
{
    struct request *r = argument;
    const unsigned char *object = reveal(r->hidden);
    r->holds = true;
    for (size_t i = 0; i < r->size; i++)
        r->holds &= object[i] == pattern(i);
}

bool is_intact(uintptr_t hidden, size_t size)
{
    struct request r = {.size = size, .hidden = hidden};
    deeply(compare, &r);
    return r.holds;
}

struct tree *grow_tree(int depth, long number)
{
    struct tree *t = gc_alloc(sizeof *t);
    if (!t)
        abort();
    t->number = number;
    if (depth) {
        t->left = grow_tree(depth - 1, 2 * number);
        t->right = grow_tree(depth - 1, 2 * number + 1);
    }
    return t;
}

bool tree_is_sound(const struct tree *t, int depth, long number)
{
    if (!t || t->number != number)
        return false;
    if (!depth)
        return !t->left && !t->right;
    return tree_is_sound(t->left, depth - 1, 2 * number) &&
           tree_is_sound(t->right, depth - 1, 2 * number + 1);
}

int main(void)
{
    Suite *s = suite_create("threads");
    TCase *cases[] = {lives_case(),    places_case(),   registers_case(),
                      waits_case(),    ends_case(),     libraries_case(),
                      signals_case(),  handlers_case(), coroutines_case(),
                      sort_case(),     forks_case(),    callbacks_case(),
                      stops_case(),    foreign_case(),  asleep_case(),
                      standard_case(), sigevent_case()};
    /* ThreadSanitizer knows no threads but those that pass through its pthread_create. */
    size_t count = sizeof cases / sizeof cases[0] - 4 * UNDER_TSAN;
#ifdef ONLY_PLACES
    count = 5;
#endif
#ifdef ONLY_CALLBACKS
    cases[0] = callbacks_case();
    count = 1;
#endif
    for (size_t i = 0; i < count; i++) {
        tcase_set_timeout(cases[i], HANGS_AFTER);
        suite_add_tcase(s, cases[i]);
    }
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
