/* Random numbers: Splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
#ifndef GCALLOC_BASE_RANDOM_H
#define GCALLOC_BASE_RANDOM_H

#include <stdint.h>

#include "base/bits.h"

/* The next one; any state will do at first. */
INLINE uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

#endif
