/* While one thread is still in pthread_join, another one is made and joined that has the name
 * of the one that was joined.  The threads that come then are threads like others: their
 * stacks keep objects alive. */
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void (*late)(void);

enum { ROUNDS = 20, HOLDERS = 3, VALUE = 0x600d, HANGS_AFTER = 300 };

static pthread_t holders[HOLDERS];
static sem_t begun, holds, ends;

static void *nothing(void *argument)
{
    sem_post(&begun);
    return argument;
}

/* Ends in a way of which only the system is told. */
static void *vanish(void *argument)
{
    void *volatile object = gc_alloc(100);
    (void)object;
    (void)argument;
    sem_post(&begun);
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

static void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        continue;
}

static void begin_holder(int i)
{
    if (pthread_create(&holders[i], NULL, hold, &holds) == 0)
        await(&holds);
}

static void come_between(void)
{
    pthread_t other;
    if (pthread_create(&other, NULL, nothing, NULL) == 0) {
        await(&begun);
        pthread_join(other, NULL);
    }
}

/* What was reclaimed is used again. */
static void reuse(void)
{
    gc_collect();
    for (int i = 0; i < 20000; i++)
        *(int *)gc_alloc(sizeof(int)) = -1;
}

static int end_holders(void)
{
    int failed = 0;
    for (int i = 0; i < HOLDERS; i++)
        sem_post(&ends);
    for (int i = 0; i < HOLDERS; i++) {
        void *result;
        failed |= pthread_join(holders[i], &result) != 0 || result;
    }
    if (failed)
        puts("an object of a living thread was reclaimed");
    return failed;
}

static int round_of(void *(*work)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) != 0)
        return 1;
    await(&begun);
    late = come_between;
    if (pthread_join(thread, NULL) != 0)
        return 1;
    for (int i = 0; i < HOLDERS; i++)
        begin_holder(i);
    reuse();
    return end_holders();
}

int main(void)
{
    alarm(HANGS_AFTER);
    sem_init(&begun, 0, 0);
    sem_init(&holds, 0, 0);
    sem_init(&ends, 0, 0);
    for (int i = 0; i < ROUNDS; i++)
        if (round_of(nothing) || round_of(vanish))
            return 1;
    return 0;
}
