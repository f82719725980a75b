/* Producer and consumer: one thread allocates objects and hands them to the next, which
 * reads and frees them.  Every object is freed by another thread than the one that
 * allocated it.
 *
 * usage: handoff PAIRS OBJECTS, in thousands, for each pair
 * Sizes are from 16 to 255 bytes, each doubling half as likely as the one below it; memory
 * is not zeroed.  An operation is one object. */
#include "measure.h"

#include <sched.h>
#include <stdatomic.h>

enum { RING = 1024, PAIRS_MOST = 32 };

static const char usage[] = "PAIRS OBJECTS";

struct object {
    uint32_t size, serial;
};

/* One writer, one reader; both only count up. */
struct ring {
    _Alignas(64) atomic_uint written;
    _Alignas(64) atomic_uint read;
    _Alignas(64) struct object *objects[RING];
};

static struct ring rings[PAIRS_MOST]; /* static data: a collector finds the objects */
static uint32_t objects_each;

static void *produce(void *argument)
{
    struct ring *ring = argument;
    uint64_t random = (uint64_t)(ring - rings) + 1;

    for (uint32_t i = 0; i < objects_each; i++) {
        size_t size = measure_small_size(measure_random(&random));
        struct object *object = peer_alloc_atomic(size);

        *object = (struct object){(uint32_t)size, i};
        ((unsigned char *)object)[size - 1] = (unsigned char)i;
        while (i - atomic_load_explicit(&ring->read, memory_order_acquire) == RING)
            sched_yield();
        ring->objects[i % RING] = object;
        atomic_store_explicit(&ring->written, i + 1, memory_order_release);
    }
    return NULL;
}

static void *consume(void *argument)
{
    struct ring *ring = argument;
    uint64_t *sum = calloc(1, sizeof(*sum));

    for (uint32_t i = 0; i < objects_each; i++) {
        struct object *object;

        while (atomic_load_explicit(&ring->written, memory_order_acquire) == i)
            sched_yield();
        object = ring->objects[i % RING];
        ring->objects[i % RING] = NULL;
        atomic_store_explicit(&ring->read, i + 1, memory_order_release);
        *sum += (uint64_t)object->serial * object->size +
                ((unsigned char *)object)[object->size - 1];
        peer_free(object);
    }
    return sum;
}

static void start(pthread_t *thread, void *run(void *), struct ring *ring)
{
    if (pthread_create(thread, NULL, run, ring) != 0) {
        fprintf(stderr, "handoff: cannot start a thread\n");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    pthread_t producers[PAIRS_MOST], consumers[PAIRS_MOST];
    uint64_t checksum = 0, start_ns, time_ns;
    int pairs;

    measure_count(argc, argv, 2, usage);
    pairs = (int)measure_number(argv, 1, 1, PAIRS_MOST, usage);
    objects_each = 1000 * (uint32_t)measure_number(argv, 2, 1, 1000000, usage);

    peer_init();
    start_ns = measure_now_ns();
    for (int i = 0; i < pairs; i++) {
        start(&producers[i], produce, &rings[i]);
        start(&consumers[i], consume, &rings[i]);
    }
    for (int i = 0; i < pairs; i++) {
        void *sum;

        pthread_join(producers[i], NULL);
        pthread_join(consumers[i], &sum);
        checksum += *(uint64_t *)sum;
        free(sum);
    }
    time_ns = measure_now_ns() - start_ns;
    measure_report(time_ns, (uint64_t)pairs * objects_each, checksum);
    return 0;
}
