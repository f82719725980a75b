/* The arithmetic of buddies. */
#include "heap/buddy.h"

#include "base/bits.h"

/* Returns the most even number inside.  The buddies to its left grow towards it, those to
 * its right shrink away from it, and each side has one of each size at most, which its
 * length in binary tells. */
static uint32_t middle_of(uint32_t first, uint32_t units)
{
    uint32_t end = first + units;
    return end & ~((1u << log2_floor(first ^ end)) - 1);
}

uint32_t buddy_orders(uint32_t first, uint32_t units)
{
    uint32_t middle = middle_of(first, units);
    return (middle - first) | (first + units - middle);
}

uint32_t buddy_lowest(uint32_t first, uint32_t units, unsigned order)
{
    uint32_t middle = middle_of(first, units);
    uint32_t left = middle - first, right = first + units - middle;
    uint32_t larger = ~((1u << order) - 1);
    if (left >> order & 1)
        return middle - (left & larger);
    return middle + (right & (larger << 1));
}

unsigned buddy_order_for(uint32_t units)
{
    return units == 1 ? 0 : log2_floor(units - 1) + 1;
}
