/* Churn: a table full of small objects, of which one after the other, at random, is
 * replaced by a new one of another size.
 *
 * usage: churn atomic|zeroed free|drop SLOTS REPLACEMENTS, both in thousands
 *   atomic: objects without pointers, contents undefined; zeroed: objects that may hold
 *   pointers, all zero
 *   free: the replaced object is freed; drop: it is left to the collector (a peer that
 *   does not collect frees it all the same)
 * Sizes are from 16 to 255 bytes, each doubling half as likely as the one below it.  An
 * operation is one replacement; filling the table is not timed. */
#include "measure.h"

static const char usage[] = "atomic|zeroed free|drop SLOTS REPLACEMENTS";

/* An object's first bytes; the last byte of each object is set too. */
struct head {
    uint32_t size;
    uint32_t serial;
};

static struct head **volatile slots;

static unsigned char *last_byte(struct head *object, size_t size)
{
    return (unsigned char *)object + size - 1;
}

/* What the object says, for the checksum. */
static uint64_t object_sum(struct head *object)
{
    return (uint64_t)object->serial * object->size + *last_byte(object, object->size);
}

/* Adds to *errors what is not zero in a zeroed object. */
static struct head *object_new(size_t size, uint32_t serial, bool atomic,
                               uint64_t *errors)
{
    struct head *object;

    if (atomic) {
        object = peer_alloc_atomic(size);
    } else {
        object = peer_alloc_zeroed(size);
        *errors += object->size + object->serial + *last_byte(object, size);
    }
    object->size = (uint32_t)size;
    object->serial = serial;
    *last_byte(object, size) = (unsigned char)serial;
    return object;
}

int main(int argc, char **argv)
{
    uint64_t random = 1, checksum = 0, errors = 0, start, time_ns;
    bool atomic, free_replaced;
    uint32_t slot_count, replacements;

    measure_count(argc, argv, 4, usage);
    atomic = measure_choice(argv, 1, "atomic", "zeroed", usage);
    free_replaced = measure_choice(argv, 2, "free", "drop", usage) || !PEER_COLLECTS;
    slot_count = 1000 * (uint32_t)measure_number(argv, 3, 1, 1000000, usage);
    replacements = 1000 * (uint32_t)measure_number(argv, 4, 1, 1000000, usage);

    peer_init();
    slots = peer_alloc_zeroed(slot_count * sizeof(*slots));
    for (uint32_t i = 0; i < slot_count; i++)
        slots[i] =
            object_new(measure_small_size(measure_random(&random)), i, atomic, &errors);

    start = measure_now_ns();
    for (uint32_t i = 0; i < replacements; i++) {
        struct head **slot = &slots[measure_random(&random) % slot_count];
        struct head *old = *slot;

        checksum += object_sum(old);
        if (free_replaced)
            peer_free(old);
        *slot =
            object_new(measure_small_size(measure_random(&random)), i, atomic, &errors);
    }
    time_ns = measure_now_ns() - start;

    for (uint32_t i = 0; i < slot_count; i++)
        checksum += object_sum(slots[i]);
    if (errors) {
        fprintf(stderr, "%s: an object was not zeroed\n", argv[0]);
        return 1;
    }
    measure_report(time_ns, replacements, checksum);
    return 0;
}
