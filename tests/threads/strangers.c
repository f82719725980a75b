/* Threads that nobody told of: made past pthread_create. */
#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "threads.h"

static struct {
    uintptr_t hidden;
    int kept, told;
} stage;

static void *keep(void *argument)
{
    void *volatile word;
    store((void **)(uintptr_t)&word, stage.hidden);
    set(&stage.kept, 1);
    await(&stage.told, 1);
    store((void **)(uintptr_t)&word, 0);
    set(&stage.kept, 2);
    await(&stage.told, 2);
    return argument;
}

/* The C library's own function, past the one in front of it. */
START_TEST(past_pthread_create)
{
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    void *library = dlopen("libc.so.6", RTLD_LAZY);
    ck_assert_ptr_nonnull(library);
    *(void **)&create = dlsym(library, "pthread_create");
    ck_assert_ptr_nonnull((void *)(uintptr_t)create);
    stage.hidden = new_hidden(5000);
    pthread_t thread;
    gc_disable();
    ck_assert_int_eq(create(&thread, NULL, keep, NULL), 0);
    await(&stage.kept, 1);
    gc_enable();
    for (int i = 0; i < 5; i++)
        gc_collect();
    ck_assert(lives(stage.hidden));
    set(&stage.told, 1);
    await(&stage.kept, 2);
    gc_collect();
    ck_assert(!lives(stage.hidden));
    set(&stage.told, 2);
    joined(thread);
}
END_TEST

static int ticks;

static void tick(union sigval value)
{
    (void)value;
    if (tree_is_sound(grow_tree(6, 3), 6, 3))
        __atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
}

/* The C library makes threads for them, with all signals blocked at first. */
START_TEST(timers)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = tick};
    struct itimerspec often = {{0, 2000000}, {0, 2000000}};
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    ck_assert_int_eq(timer_settime(timer, 0, &often, NULL), 0);
    while (__atomic_load_n(&ticks, __ATOMIC_RELAXED) < 50)
        gc_collect();
    timer_delete(timer);
    gc_collect();
}
END_TEST

TCase *strangers_case(void)
{
    TCase *tc = tcase_create("strangers");
    tcase_add_test(tc, past_pthread_create);
    tcase_add_test(tc, timers);
    return tc;
}
