/* While one thread is still in pthread_join, another one is made that has the name of the one
 * that was joined.  It is a thread like others: its stack keeps an object alive. */
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void (*late)(void);

enum { ROUNDS = 20, VALUE = 0x600d };

static pthread_t first, second;
static sem_t holds, ends;

static void *nothing(void *argument)
{
    return argument;
}

/* Ends in a way of which only the system is told. */
static void *vanish(void *argument)
{
    void *volatile object = gc_alloc(100);
    (void)object;
    (void)argument;
    syscall(SYS_exit, 0);
    return NULL;
}

static void *hold(void *argument)
{
    int *volatile object = gc_alloc(sizeof *object);
    *object = VALUE;
    sem_post(&holds);
    sem_wait(&ends);
    return *object == VALUE ? NULL : argument;
}

static void begin_second(void)
{
    if (pthread_create(&second, NULL, hold, &holds) == 0)
        while (sem_wait(&holds) != 0)
            continue;
}

/* What was reclaimed is used again. */
static void reuse(void)
{
    gc_collect();
    for (int i = 0; i < 20000; i++)
        *(int *)gc_alloc(sizeof(int)) = -1;
}

static int round_of(void *(*work)(void *))
{
    void *result;
    if (pthread_create(&first, NULL, work, NULL) != 0)
        return 1;
    late = begin_second;
    if (pthread_join(first, NULL) != 0)
        return 1;
    int same = pthread_equal(first, second);
    reuse();
    sem_post(&ends);
    if (pthread_join(second, &result) != 0 || result)
        return puts("an object of a living thread was reclaimed"), 1;
    if (!same)
        puts("the name did not come again");
    return 0;
}

int main(void)
{
    sem_init(&holds, 0, 0);
    sem_init(&ends, 0, 0);
    for (int i = 0; i < ROUNDS; i++)
        if (round_of(nothing) || round_of(vanish))
            return 1;
    return 0;
}
