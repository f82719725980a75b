/* Larson, after Larson and Krishnan's model of a server: each lane has an array of objects
 * of 8 to 1000 bytes, of which a thread replaces one after the other, at random; then it
 * hands the array to a new thread and ends.  So most objects are freed by another thread
 * than the one that allocated them, which often is no more.
 *
 * usage: larson LIVES LANES: how many threads, one after the other, work on each of so many
 * arrays at once
 * Memory is not zeroed.  An operation is one replacement. */
#include "measure.h"

#include <semaphore.h>

enum { OBJECTS = 5000, REPLACEMENTS = 250000 }; /* of a lane; of a thread's life */

static const char usage[] = "LIVES LANES";

struct object {
    uint32_t size, serial;
};

struct lane {
    struct object *objects[OBJECTS];
    uint64_t random;
    uint64_t checksum;
    long lives; /* that are to begin yet */
};

static struct lane
    lanes[MEASURE_THREADS]; /* static data: a collector finds the objects */
static sem_t lanes_ended;

static struct object *object_new(uint64_t random)
{
    uint32_t size = 8 + (uint32_t)(random % 993);
    struct object *object = peer_alloc_atomic(size);

    *object = (struct object){size, (uint32_t)(random >> 32)};
    return object;
}

static uint64_t object_sum(const struct object *object)
{
    return (uint64_t)object->serial * object->size;
}

static void life_start(struct lane *lane);

static void *live(void *argument)
{
    struct lane *lane = argument;

    for (int i = 0; i < REPLACEMENTS; i++) {
        struct object **slot = &lane->objects[measure_random(&lane->random) % OBJECTS];

        lane->checksum += object_sum(*slot);
        peer_free(*slot);
        *slot = object_new(measure_random(&lane->random));
    }
    if (lane->lives > 0)
        life_start(lane);
    else
        sem_post(&lanes_ended);
    return NULL;
}

static void life_start(struct lane *lane)
{
    pthread_t thread;

    lane->lives--;
    if (pthread_create(&thread, NULL, live, lane) != 0 || pthread_detach(thread) != 0) {
        fprintf(stderr, "larson: cannot start a thread\n");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    uint64_t start, time_ns, checksum = 0, lives;
    int lane_count;

    measure_count(argc, argv, 2, usage);
    lives = (uint64_t)measure_number(argv, 1, 1, 100000, usage);
    lane_count = (int)measure_number(argv, 2, 1, MEASURE_THREADS, usage);
    peer_init();
    sem_init(&lanes_ended, 0, 0);
    for (int l = 0; l < lane_count; l++) {
        lanes[l].random = (uint64_t)l;
        lanes[l].lives = (long)lives;
        for (int i = 0; i < OBJECTS; i++)
            lanes[l].objects[i] = object_new(measure_random(&lanes[l].random));
    }

    start = measure_now_ns();
    for (int l = 0; l < lane_count; l++)
        life_start(&lanes[l]);
    for (int l = 0; l < lane_count; l++)
        while (sem_wait(&lanes_ended) != 0)
            ; /* a signal of the collector */
    time_ns = measure_now_ns() - start;

    for (int l = 0; l < lane_count; l++) {
        checksum += lanes[l].checksum;
        for (int i = 0; i < OBJECTS; i++)
            checksum += object_sum(lanes[l].objects[i]);
    }
    measure_report(time_ns, lives * REPLACEMENTS * (uint64_t)lane_count, checksum);
    return 0;
}
