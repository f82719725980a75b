#include "stage.h"

#include <sched.h>

struct stage stage;

static const size_t sizes[] = {16, 40, 300, 5000, 30000, 200000};

static void nothing(void *argument)
{
    (void)argument;
}

void await_word(void)
{
    await(&stage.told, 1);
}

void keep(void)
{
    set(&stage.kept, 1);
    await_word();
}

/* The frames of signals below may hold what the registers held. */
void gone(void)
{
    deeply(nothing, NULL);
    set(&stage.kept, 2);
    await(&stage.told, 2);
}

void collect(int times)
{
    while (times-- > 0)
        gc_collect();
}

pthread_t begin_place(void *(*keeper)(void *), size_t size)
{
    pthread_t thread;
    stage.kept = stage.told = 0;
    stage.hidden = new_hidden(size);
    gc_disable();
    if (stage.begin)
        thread = stage.begin(keeper);
    else
        ck_assert_int_eq(pthread_create(&thread, stage.attributes, keeper, NULL), 0);
    await(&stage.kept, 1);
    gc_enable();
    return thread;
}

void check_kept(size_t size)
{
    collect(COLLECTIONS);
    ck_assert_msg(lives(stage.hidden), "size %zu was lost", size);
    ck_assert_msg(is_intact(stage.hidden, size), "size %zu was changed", size);
}

void check_gone(size_t size)
{
    gc_collect();
    ck_assert_msg(!lives(stage.hidden), "size %zu was kept", size);
}

/* A signal may come before the keeper waits for it. */
static void tell_to_drop(pthread_t thread)
{
    set(&stage.told, 1);
    while (__atomic_load_n(&stage.kept, __ATOMIC_ACQUIRE) != 2) {
        if (stage.interrupt)
            stage.interrupt(thread);
        sched_yield();
    }
}

void *keep_on_stack(void *argument)
{
    void *volatile word;
    store((void **)(uintptr_t)&word, stage.hidden);
    keep();
    store((void **)(uintptr_t)&word, 0);
    gone();
    return argument;
}

void check_place(void *(*keeper)(void *))
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        pthread_t thread = begin_place(keeper, sizes[i]);
        check_kept(sizes[i]);
        tell_to_drop(thread);
        check_gone(sizes[i]);
        set(&stage.told, 2);
        joined(thread);
    }
}
