/* Cache-scratch, after Berger's Hoard: passive false sharing.  The main thread allocates
 * small objects, likely to lie in one cache line, and gives one to each thread, which frees
 * it, and then allocates one, writes it many times and frees it, again and again.  A memory
 * manager that gives a thread the memory it has freed lets them share that line for good.
 *
 * usage: cache-scratch OBJECTS [THREADS]: OBJECTS for each thread
 * An operation is one object: so many writes. */
#include "measure.h"

#include <stdatomic.h>

enum {
    SIZE = 8,
    WRITES = 2000
}; /* bytes of an object; times that each byte is written */

static unsigned char *volatile given[MEASURE_THREADS];
static atomic_int started;

static uint64_t object_write(volatile unsigned char *object)
{
    uint64_t sum = 0;

    for (int b = 0; b < SIZE; b++)
        object[b] = (unsigned char)b;
    for (int w = 0; w < WRITES; w++)
        for (int b = 0; b < SIZE; b++)
            object[b]++;
    for (int b = 0; b < SIZE; b++)
        sum = 31 * sum + object[b];
    return sum;
}

static uint64_t run(int objects)
{
    int thread = atomic_fetch_add(&started, 1);
    uint64_t sum = object_write(given[thread]);

    peer_free(given[thread]);
    given[thread] = NULL;
    for (int i = 0; i < objects; i++) {
        unsigned char *object = peer_alloc_atomic(SIZE);

        sum += object_write(object);
        peer_free(object);
    }
    return sum;
}

int main(int argc, char **argv)
{
    int threads = measure_threads(argc, argv, "OBJECTS [THREADS]");
    int objects = (int)measure_number(argv, 1, 1, 1000000, "OBJECTS [THREADS]");
    uint64_t start, checksum;

    peer_init();
    for (int t = 0; t < threads; t++)
        given[t] = peer_alloc_atomic(SIZE);
    start = measure_now_ns();
    checksum = measure_run(threads, run, objects);
    measure_report(measure_now_ns() - start, (uint64_t)threads * (uint64_t)objects,
                   checksum);
    return 0;
}
