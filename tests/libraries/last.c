/* The main thread ends first, and the process with the last of the others, of which each
 * makes the heap large before. */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 2000, BYTES = 20000, THREADS = 3 };

static sem_t begins;

static void grow(void)
{
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        if ((blocks[i] = malloc(BYTES)))
            memset(blocks[i], 1, BYTES);
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

static void *work(void *argument)
{
    while (sem_wait(&begins) != 0)
        continue;
    grow();
    sem_post(&begins);
    return argument;
}

int main(void)
{
    pthread_t thread;
    sem_init(&begins, 0, 0);
    grow();
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&thread, NULL, work, NULL) == 0)
            pthread_detach(thread);
    sem_post(&begins);
    pthread_exit(NULL);
}
