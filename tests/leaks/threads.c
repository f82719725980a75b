/* Programs whose pointers are in threads, or have passed through some. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "programs.h"

static void run(void *(*work)(void *), void *argument, void **result)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, argument) != 0 ||
        pthread_join(thread, result) != 0)
        abort();
}

static NOINLINE void lose_one(size_t size)
{
    kept[0] = NEW(size);
    kept[0] = NULL;
}

static void *lose_in_thread(void *argument)
{
    lose_one(64);
    return argument;
}

static void thread_lost(void)
{
    run(lose_in_thread, NULL, NULL);
}

static void *lose_deep_in_thread(void *argument)
{
    for (int i = 0; i < 50; i++)
        lose_one(24);
    return argument;
}

static void threads_lost(void)
{
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, lose_deep_in_thread, NULL) != 0)
            abort();
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void *make(void *argument)
{
    (void)argument;
    return NEW(72);
}

static void thread_result(void)
{
    void *result;
    run(make, NULL, &result);
    kept[0] = result;
}

static void *delete_list(void *argument)
{
    for (struct node *n = argument, *next; n; n = next) {
        next = n->next;
        DELETE(n);
    }
    return NULL;
}

/* What one thread has made another frees. */
static void handed_over(void)
{
    run(delete_list, new_list(100), NULL);
}

static void *delete_first(void *argument)
{
    DELETE(argument);
    return NULL;
}

static void handed_over_in_part(void)
{
    run(delete_first, new_list(4), NULL);
}

static pthread_barrier_t ready;

/* The thread goes on when the program ends. */
static void leave_running(void *(*work)(void *))
{
    pthread_t thread;
    pthread_barrier_init(&ready, NULL, 2);
    if (pthread_create(&thread, NULL, work, NULL) != 0)
        abort();
    pthread_barrier_wait(&ready);
}

static void wait_for_ever(void)
{
    pthread_barrier_wait(&ready);
    for (;;)
        pause();
}

static void *hold_on_stack(void *argument)
{
    void *volatile here = NEW(80);
    wait_for_ever();
    return here ? argument : NULL;
}

static void on_threads_stack(void)
{
    leave_running(hold_on_stack);
}

static __thread void *volatile local;

static void *hold_in_tls(void *argument)
{
    local = NEW(88);
    wait_for_ever();
    return argument;
}

static void in_threads_tls(void)
{
    leave_running(hold_in_tls);
}

static pthread_key_t key;

static void *set_specific(void *argument)
{
    pthread_setspecific(key, NEW(96));
    return argument;
}

static void freed_by_key(void)
{
    if (pthread_key_create(&key, free) == 0)
        run(set_specific, NULL, NULL);
}

const struct program thread_programs[] = {
    {.name = "thread_lost", thread_lost, .definite = {1, 64}},
    {.name = "threads_lost", threads_lost, .definite = {200, 4800}},
    {.name = "thread_result", thread_result, .reachable = {1, 72}},
    {.name = "handed_over", handed_over},
    {.name = "handed_over_in_part",
     handed_over_in_part,
     .definite = {1, NODE},
     .indirect = {2, 2 * NODE}},
    {.name = "on_threads_stack", on_threads_stack, .reachable = {1, 80}},
    {.name = "in_threads_tls", in_threads_tls, .reachable = {1, 88}},
    {.name = "freed_by_key", freed_by_key},
    {.name = NULL},
};
