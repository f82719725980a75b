/* Growth by realloc: a few vectors of bytes at a time grow from 16 bytes to somewhere
 * between 1 KiB and 32 MiB, where every doubling is as likely; one that is complete makes
 * room for the next.  Who grows next is drawn at random.
 *
 * usage: realloc double|step VECTORS: how many vectors there are in all, and how they
 * grow double: by doubling; step: in 64 equal steps An operation is one realloc, with the
 * filling of what it added. */
#include "measure.h"

#define SLOTS 32
#define FIRST_SIZE 16
#define STEPS 64

static const char usage[] = "double|step VECTORS";

struct vector {
    unsigned char *bytes;
    size_t size;
    size_t final_size;
};

static struct vector slots[SLOTS];

static void vector_start(struct vector *vector, uint64_t *random)
{
    vector->bytes = peer_alloc_atomic(FIRST_SIZE);
    memset(vector->bytes, 0, FIRST_SIZE);
    vector->size = FIRST_SIZE;
    vector->final_size = measure_random_size(random, 10, 25);
}

/* Ends with the last byte of the old contents, for the checksum. */
static uint64_t vector_grow(struct vector *vector, size_t size, unsigned char filling)
{
    size_t old_size = vector->size;

    vector->bytes = peer_realloc(vector->bytes, size);
    vector->size = size;
    memset(vector->bytes + old_size, filling, size - old_size);
    return vector->bytes[old_size - 1];
}

static size_t next_size(const struct vector *vector, bool doubling)
{
    size_t size = doubling ? 2 * vector->size : vector->size + vector->final_size / STEPS;

    return size < vector->final_size ? size : vector->final_size;
}

/* The sum of one byte of each page. */
static uint64_t vector_sum(const struct vector *vector)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < vector->size; i += 4096)
        sum += vector->bytes[i];
    return sum;
}

static void vector_end(struct vector *vector)
{
    if (!PEER_COLLECTS)
        peer_free(vector->bytes);
}

int main(int argc, char **argv)
{
    uint64_t random = 1, checksum = 0, operations = 0, start;
    long vectors, complete = 0;
    bool doubling;

    measure_count(argc, argv, 2, usage);
    doubling = measure_choice(argv, 1, "double", "step", usage);
    vectors = measure_number(argv, 2, 1, 1000000, usage);
    start = measure_now_ns();
    peer_init();
    for (int i = 0; i < SLOTS; i++)
        vector_start(&slots[i], &random);
    while (complete < vectors) {
        struct vector *vector = &slots[measure_random(&random) % SLOTS];

        checksum = 31 * checksum + vector_grow(vector, next_size(vector, doubling),
                                               (unsigned char)operations);
        operations++;
        if (vector->size == vector->final_size) {
            checksum += vector_sum(vector);
            vector_end(vector);
            vector_start(vector, &random);
            complete++;
        }
    }
    measure_report(measure_now_ns() - start, operations, checksum);
    return 0;
}
