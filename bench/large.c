/* Large objects: a few slots, of which one after the other, at random, is replaced by a
 * new object without pointers of 128 KiB to 8 MiB, where every doubling is as likely. One
 * byte of each page is written when the object is new and read when it is replaced.
 *
 * usage: large free|drop OBJECTS
 *   free: the replaced object is freed; drop: it is left to the collector (a peer that
 *   does not collect frees it all the same)
 * An operation is one replacement. */
#include "measure.h"

#define SLOTS 32
#define PAGE 4096

static const char usage[] = "free|drop OBJECTS";

struct slot {
    unsigned char *bytes;
    size_t size;
};

static struct slot slots[SLOTS];

static void slot_fill(struct slot *slot, size_t size, unsigned char filling)
{
    slot->bytes = peer_alloc_atomic(size);
    slot->size = size;
    for (size_t i = 0; i < size; i += PAGE)
        slot->bytes[i] = filling;
}

static uint64_t slot_sum(const struct slot *slot)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < slot->size; i += PAGE)
        sum += slot->bytes[i];
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t random = 1, checksum = 0, start;
    bool free_replaced;
    long objects;

    measure_count(argc, argv, 2, usage);
    free_replaced = measure_choice(argv, 1, "free", "drop", usage) || !PEER_COLLECTS;
    objects = measure_number(argv, 2, 1, 1000000, usage);
    start = measure_now_ns();
    peer_init();
    for (long i = 0; i < objects; i++) {
        struct slot *slot = &slots[measure_random(&random) % SLOTS];

        checksum = 31 * checksum + slot_sum(slot);
        if (free_replaced)
            peer_free(slot->bytes);
        slot_fill(slot, measure_random_size(&random, 17, 23), (unsigned char)i);
    }
    measure_report(measure_now_ns() - start, (uint64_t)objects, checksum);
    return 0;
}
