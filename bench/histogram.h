/* How long each of many operations took, as a line of BOUND:COUNT: so many took at most BOUND nanoseconds and
 * longer than the bound before. */
#ifndef GCALLOC_BENCH_HISTOGRAM_H
#define GCALLOC_BENCH_HISTOGRAM_H

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum {
    STEPS = 16, /* buckets for each doubling of the time, a power of two */
    BUCKETS = 64 * STEPS,
};

static uint64_t counts[BUCKETS];

/* The first buckets have one nanosecond each. */
static inline size_t bucket_of(uint64_t ns)
{
    unsigned shift = 59 - (unsigned)__builtin_clzll(ns | STEPS);

    return shift * STEPS + (ns >> shift);
}

static inline uint64_t bucket_bound(size_t bucket)
{
    size_t shift = bucket < STEPS ? 0 : bucket / STEPS - 1;

    return ((bucket - shift * STEPS + 1) << shift) - 1;
}

static inline void histogram_print(void)
{
    printf("histogram");
    for (size_t i = 0; i < BUCKETS; i++)
        if (counts[i] > 0)
            printf(" %" PRIu64 ":%" PRIu64, bucket_bound(i), counts[i]);
    printf("\n");
}

static inline void histogram_add(uint64_t ns)
{
    counts[bucket_of(ns)]++;
}

#endif
