/* Shared slots: threads replace objects in one array by atomic exchange, and free what they
 * took out, which as a rule another thread had put there.
 *
 * usage: slots OBJECTS [THREADS]: OBJECTS, in thousands, for each thread
 * Sizes are from 16 to 255 bytes, each doubling half as likely as the one below it; memory
 * is not zeroed.  An operation is one object. */
#include "measure.h"

#include <stdatomic.h>

enum { SLOTS = 4096 };

struct object {
    uint32_t size, serial;
};

static _Atomic(struct object *) slots[SLOTS]; /* static data: a collector finds them */
static atomic_uint started;

/* What the object, if there is one, says; it ends here. */
static uint64_t object_end(struct object *object)
{
    uint64_t sum;

    if (!object)
        return 0;
    sum = (uint64_t)object->serial * object->size;
    peer_free(object);
    return sum;
}

/* Which thread ends which object depends on their speed; the sum over all does not. */
static uint64_t run(int objects)
{
    uint64_t random = atomic_fetch_add(&started, 1), sum = 0;

    for (int i = 0; i < objects; i++) {
        size_t size = measure_small_size(measure_random(&random));
        struct object *object = peer_alloc_atomic(size);

        *object = (struct object){(uint32_t)size, (uint32_t)i};
        sum +=
            object_end(atomic_exchange(&slots[measure_random(&random) % SLOTS], object));
    }
    return sum;
}

int main(int argc, char **argv)
{
    int threads = measure_threads(argc, argv, "OBJECTS [THREADS]");
    int objects = 1000 * (int)measure_number(argv, 1, 1, 1000000, "OBJECTS [THREADS]");
    uint64_t start, time_ns, checksum;

    peer_init();
    start = measure_now_ns();
    checksum = measure_run(threads, run, objects);
    time_ns = measure_now_ns() - start;
    for (int i = 0; i < SLOTS; i++)
        checksum += object_end(slots[i]);
    measure_report(time_ns, (uint64_t)threads * (uint64_t)objects, checksum);
    return 0;
}
