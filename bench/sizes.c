/* Objects of many sizes: from 1 byte to 128 KiB, where every doubling is as likely.  A slot
 * is drawn at random: an empty one gets an object, a full one is emptied; so half of the
 * slots are full.  The first and the last byte are written when the object is new and read
 * when it goes.
 *
 * usage: sizes free|drop SLOTS STEPS, the latter in thousands
 *   free: the object is freed; drop: it is left to the collector (a peer that does not
 *   collect frees it all the same)
 * Objects have no pointers, and are not zeroed.  An operation is one step. */
#include "measure.h"

static const char usage[] = "free|drop SLOTS STEPS";

struct slot {
    unsigned char *bytes;
    size_t size;
};

static struct slot *volatile slots;

static void slot_fill(struct slot *slot, size_t size, unsigned char filling)
{
    slot->bytes = peer_alloc_atomic(size);
    slot->size = size;
    slot->bytes[0] = slot->bytes[size - 1] = filling;
}

static uint64_t slot_sum(const struct slot *slot)
{
    return slot->bytes ? slot->size * (slot->bytes[0] + slot->bytes[slot->size - 1]) : 0;
}

int main(int argc, char **argv)
{
    uint64_t random = 1, checksum = 0, slot_count, start;
    bool frees;
    long steps;

    measure_count(argc, argv, 3, usage);
    frees = measure_choice(argv, 1, "free", "drop", usage) || !PEER_COLLECTS;
    slot_count = (uint64_t)measure_number(argv, 2, 1, 10000000, usage);
    steps = 1000 * measure_number(argv, 3, 1, 1000000, usage);
    start = measure_now_ns();
    peer_init();
    slots = peer_alloc_zeroed(slot_count * sizeof(*slots));
    for (long i = 0; i < steps; i++) {
        struct slot *slot = &slots[measure_random(&random) % slot_count];

        if (!slot->bytes) {
            slot_fill(slot, measure_random_size(&random, 0, 17), (unsigned char)i);
            continue;
        }
        checksum = 31 * checksum + slot_sum(slot);
        if (frees)
            peer_free(slot->bytes);
        slot->bytes = NULL;
    }
    for (uint64_t i = 0; i < slot_count; i++)
        checksum += slot_sum(&slots[i]);
    measure_report(measure_now_ns() - start, (uint64_t)steps, checksum);
    return 0;
}
