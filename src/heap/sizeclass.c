/* The tables of size classes, and the slow ways into them. */
#include "heap/sizeclass.h"

struct geometry geometries[1 << CLASS_BITS] PRIVATE_DATA;
uint8_t small_classes[SMALL_MAX / GRANULE + 1] PRIVATE_DATA;

/* Slot size of a class from 1 to CLASS_MEDIUM_LAST: classes 1-8 are 16-128, then class
 * 8 * d + k (k from 1 to 8) is (8 + k) / 8 of 64 << d. */
static uint32_t slot_size(unsigned class)
{
    if (class <= 8)
        return class * GRANULE;
    unsigned doubling = (class - 1) / 8, step = (class - 1) % 8 + 1;
    return (8 + step) << (doubling + 3);
}

/* The smallest class whose slot holds so many bytes, 1 to MEDIUM_MAX. */
static unsigned class_of_slot(size_t bytes)
{
    if (bytes <= 128)
        return (unsigned)((bytes + GRANULE - 1) / GRANULE);
    unsigned doubling = log2_floor(bytes - 1) - 6;
    return 8 * doubling + (unsigned)((bytes - 1) >> (doubling + 3)) - 8 + 1;
}

void sizeclass_init(bool end_pointers)
{
    for (unsigned class = 1; class <= CLASS_MEDIUM_LAST; class ++) {
        uint32_t size = slot_size(class);
        geometries[class] = (struct geometry){
            .reciprocal = ((UINT64_C(1) << GEOMETRY_SHIFT) + size - 1) / size,
            .size = size,
            .count = sizeclass_units(class) * UNIT_BYTES / size,
        };
    }
    geometries[CLASS_LARGE] = (struct geometry){.size = UINT32_MAX, .count = 1};
    for (size_t i = 0; i <= SMALL_MAX / GRANULE; i++) {
        bool pad = end_pointers && i <= PAD_FROM / GRANULE;
        uint8_t class = (uint8_t)class_of_slot(max_size(i * GRANULE + pad, 1));
        /* A thread without a cache reads it before, and uses no class of what it reads. */
        __atomic_store_n(&small_classes[i], class, __ATOMIC_RELAXED);
    }
}

unsigned sizeclass_for(size_t size)
{
    if (size <= SMALL_REQUEST_MAX)
        return sizeclass_small(size);
    return size < MEDIUM_MAX ? class_of_slot(size + 1) : CLASS_LARGE;
}

/* From `class` on, the first whose slots are all aligned. */
static unsigned aligned_class(unsigned class, size_t alignment)
{
    while (class <= CLASS_MEDIUM_LAST && geometries[class].size % alignment != 0)
        class ++;
    return class <= CLASS_MEDIUM_LAST ? class : CLASS_LARGE;
}

unsigned sizeclass_for_aligned(size_t size, size_t alignment, bool *filled)
{
    *filled = false;
    if (size > MEDIUM_MAX || alignment > UNIT_BYTES)
        return CLASS_LARGE;
    unsigned tight = aligned_class(class_of_slot(max_size(size, 1)), alignment);
    unsigned padded = aligned_class(sizeclass_for(size), alignment);
    if (padded == tight)
        return tight;
    size_t slot = geometries[tight].size;
    if (padded != CLASS_LARGE && geometries[padded].size - slot <= slot / 8)
        return padded;
    *filled = true;
    return tight;
}
