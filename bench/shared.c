/* Objects in shared memory: allocated and freed by several processes.
 *
 * usage: shared pairs PROCESSES COUNT
 *   Each process has 1000 slots, and puts a new object of 16 to 527 bytes in the place of an old one, which
 *   it frees, COUNT times.  An operation is such a pair.
 * With a region each pair is in a bracket of its own.  The peers are Boost.Interprocess's
 * managed_shared_memory (shared-boost.cc) and the C library's malloc, for one process each, behind a
 * mutex that processes share. */
#include "shared.h"

static long count;

#ifdef PEER_GCALLOC
#include <gcalloc/region.h>

static gc_region *region;

static void fail(void)
{
    fprintf(stderr, "shared: %s\n", gc_region_error());
    exit(1);
}

static void begin(void)
{
    gc_region_unlink("/gcalloc-bench", 0);
    region = gc_region_create("/gcalloc-bench", 256 << 20, 0, 0);
    if (!region)
        fail();
}

static uint64_t end(void)
{
    struct gc_region_stats stats;

    gc_region_stats(region, &stats);
    gc_region_unlink("/gcalloc-bench", 0);
    return stats.collections;
}

/* The slots are an object that a root leads to. */
static uint64_t work(int process)
{
    uint64_t random = (uint64_t)process * 977 + 1, sum = 0;
    char name[20];

    snprintf(name, sizeof(name), "slots %d", process);
    gc_region_begin(region);
    void **slots = gc_region_alloc(region, SHARED_SLOTS * sizeof(void *));
    if (!slots || gc_region_root_set(region, name, slots) != 0)
        fail();
    gc_region_end(region);
    for (long i = 0; i < count; i++) {
        size_t size = shared_size(&random), slot = shared_random(&random) % SHARED_SLOTS;

        gc_region_begin(region);
        gc_region_free(region, slots[slot]);
        uint64_t *object = gc_region_alloc_atomic(region, size);
        if (!object)
            fail();
        *object = size;
        slots[slot] = object;
        gc_region_end(region);
        sum += size;
    }
    return sum;
}

#define PEER "gcalloc", "region"

#else
#include <pthread.h>

static pthread_mutex_t *mutex;

static void begin(void)
{
    pthread_mutexattr_t attributes;

    mutex = mmap(NULL, sizeof(*mutex), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                 -1, 0);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(mutex, &attributes);
}

static uint64_t end(void)
{
    return 0;
}

static uint64_t work(int process)
{
    uint64_t random = (uint64_t)process * 977 + 1, sum = 0;
    void **slots = calloc(SHARED_SLOTS, sizeof(*slots));

    for (long i = 0; i < count; i++) {
        size_t size = shared_size(&random), slot = shared_random(&random) % SHARED_SLOTS;

        pthread_mutex_lock(mutex);
        free(slots[slot]);
        uint64_t *object = malloc(size);
        pthread_mutex_unlock(mutex);
        *object = size;
        slots[slot] = object;
        sum += size;
    }
    return sum;
}

#define PEER "mutex", "malloc"
#endif

int main(int argc, char **argv)
{
    int processes;
    uint64_t sum;

    shared_arguments(argc, argv, 2, &processes, &count);
    begin();
    uint64_t time = shared_run(processes, work, &sum);
    shared_report(PEER, sum, time, (uint64_t)count * (uint64_t)processes, end());
    return 0;
}
