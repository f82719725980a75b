/* Threads that allocate and free objects of all sizes at a limit of the heap which their living objects are far
 * from.  Prints how many allocations failed.  usage: limit THREADS ALLOCATIONS */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 64, BYTES_MOST = 2000, THREADS_MOST = 16 };

static unsigned long allocations;

struct work {
    pthread_t thread;
    unsigned random;
    unsigned long failed;
    void *kept[KEPT];
};

static unsigned draw(struct work *w)
{
    w->random = w->random * 1103515245 + 12345;
    return w->random >> 12;
}

static void *work(void *argument)
{
    struct work *w = argument;
    for (unsigned long i = 0; i < allocations; i++) {
        void **at = &w->kept[draw(w) % KEPT];
        size_t size = 1 + draw(w) % BYTES_MOST;
        free(*at);
        *at = malloc(size);
        if (*at)
            memset(*at, 1, size);
        else
            w->failed++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct work works[THREADS_MOST];
    unsigned long failed = 0;
    int threads = argc > 2 ? atoi(argv[1]) : 0;
    if (threads < 1 || threads > THREADS_MOST)
        return 2;
    allocations = strtoul(argv[2], NULL, 10) / (unsigned)threads;
    for (int i = 0; i < threads; i++) {
        works[i].random = (unsigned)i;
        if (pthread_create(&works[i].thread, NULL, work, &works[i]) != 0)
            return 3;
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(works[i].thread, NULL);
        failed += works[i].failed;
    }
    printf("%lu failed\n", failed);
    return 0;
}
