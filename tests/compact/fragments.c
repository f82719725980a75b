/* A program of malloc's that knows nothing of a collector: it allocates objects of many sizes, frees most of them at
 * random, and then allocates and frees on.  It waits until it holds no more than so many percent of the memory that
 * it had at most, and looks at all of its objects.
 *
 *     fragments PERCENT [threads] */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../check/resident.h"

enum {
    OBJECTS = 80000,
    BYTES_LEAST = 16,
    BYTES_MOST = 500,
    FREED_OF = 8, /* all but one of so many */
    STEPS = 2000,
    ROUNDS_MOST = 3000, /* of 20 ms each: no slow machine needs them */
};

static unsigned *objects[OBJECTS];

/* What the process holds of memory, shared by several of its pages or not, in KiB. */
static unsigned long held(void)
{
    return memory_by_kernel("Pss") >> 10;
}

static void make(unsigned i)
{
    size_t bytes = BYTES_LEAST + (unsigned)rand() % (BYTES_MOST - BYTES_LEAST);
    objects[i] = malloc(bytes);
    if (objects[i]) {
        memset(objects[i], (int)i, bytes);
        objects[i][0] = i;
        objects[i][1] = (unsigned)bytes;
    }
}

static void check(unsigned i)
{
    const unsigned char *bytes = (const unsigned char *)objects[i];
    for (unsigned k = 8; bytes && k < objects[i][1]; k++)
        if (objects[i][0] != i || bytes[k] != (unsigned char)i) {
            fprintf(stderr, "fragments: object %u is another's now\n", i);
            exit(1);
        }
}

static void drop(unsigned i)
{
    free(objects[i]);
    objects[i] = NULL;
}

static void *sleep_on(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void work(void)
{
    for (int n = 0; n < STEPS; n++) {
        unsigned i = (unsigned)rand() % OBJECTS;
        check(i);
        if (objects[i])
            drop(i);
        else if (rand() % (FREED_OF - 1) == 0)
            make(i);
    }
}

int main(int argc, char **argv)
{
    unsigned long percent = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    pthread_t thread;
    if (argc > 2)
        pthread_create(&thread, NULL, sleep_on, NULL);
    for (unsigned i = 0; i < OBJECTS; i++)
        make(i);
    for (unsigned i = 0; i < OBJECTS; i++)
        if (rand() % FREED_OF)
            drop(i);
    unsigned long most = held(), now = most;
    for (int round = 0; round < ROUNDS_MOST && now * 100 > most * percent; round++) {
        work();
        usleep(20000);
        now = held();
    }
    for (unsigned i = 0; i < OBJECTS; i++)
        check(i);
    fprintf(stderr, "fragments: %lu KiB of %lu\n", now, most);
    return now * 100 > most * percent;
}
