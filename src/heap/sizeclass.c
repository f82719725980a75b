/* The tables of size classes, which the compiler makes, and the slow ways into them. */
#include "heap/sizeclass.h"

/* Slots of whole pages, as a rule, serve aligned requests. */
enum { CUT_ALIGNMENT = 2048 };

#define GEOMETRY(bytes, units)                                                 \
    {                                                                          \
        .reciprocal = ((UINT64_C(1) << GEOMETRY_SHIFT) + (bytes)-1) / (bytes), \
        .size = (bytes), .count = (units)*UNIT_BYTES / (bytes)                 \
    }

/* Slot sizes of a step of 8 << doubling from 64 << doubling on. */
#define STEP(doubling, k) ((8 + (k)) << ((doubling) + 3))

/* The eight classes of a doubling, from 8 * doubling + 1 on. */
#define DOUBLING(n, units)                                        \
    GEOMETRY(STEP(n, 1), units), GEOMETRY(STEP(n, 2), units),     \
        GEOMETRY(STEP(n, 3), units), GEOMETRY(STEP(n, 4), units), \
        GEOMETRY(STEP(n, 5), units), GEOMETRY(STEP(n, 6), units), \
        GEOMETRY(STEP(n, 7), units), GEOMETRY(STEP(n, 8), units)

/* A block of the classes behind CLASS_EVEN_LAST: so many units, cut into so many slots. */
#define CUT(units, slots) \
    GEOMETRY((units)*UNIT_BYTES / (slots) / CUT_ALIGNMENT * CUT_ALIGNMENT, units)

/* In the cuts an object's share of a block is a tenth larger than the slot before it at most, or
 * than the sizes for which an extent of whole units does as well. */
const struct geometry geometries[1 << CLASS_BITS] = {
    /* clang-format off */
    [1] = GEOMETRY(16, 1), GEOMETRY(32, 1), GEOMETRY(48, 1), GEOMETRY(64, 1),
    GEOMETRY(80, 1), GEOMETRY(96, 1), GEOMETRY(112, 1), GEOMETRY(128, 1),
    DOUBLING(1, 1), DOUBLING(2, 1), DOUBLING(3, 1), DOUBLING(4, 1), DOUBLING(5, 1), DOUBLING(6, 1),
    DOUBLING(7, MEDIUM_UNITS), DOUBLING(8, MEDIUM_UNITS),
    /* From 34 to 64 KiB. */
    [CLASS_EVEN_LAST + 1] =
    CUT(8, 15), CUT(9, 16), CUT(9, 15), CUT(5, 8), CUT(11, 16),
    CUT(6, 8), CUT(9, 11), CUT(7, 8), CUT(15, 16), CUT(8, 8),
    /* To 128 KiB, and to each other multiple of a unit. */
    CUT(17, 16), CUT(9, 8), CUT(6, 5), CUT(5, 4), CUT(11, 8),
    CUT(3, 2), CUT(13, 8), CUT(7, 4), CUT(15, 8), CUT(4, 2),
    CUT(11, 5), CUT(12, 5), CUT(13, 5), CUT(11, 4), CUT(6, 2),
    CUT(13, 4), CUT(7, 2), CUT(15, 4), CUT(8, 2),
    CUT(13, 3), CUT(14, 3), CUT(10, 2),
    CUT(11, 2), CUT(12, 2),
    CUT(13, 2), CUT(14, 2),
    CUT(15, 2), CUT(16, 2),
    CUT(17, 2), CUT(18, 2),
    CUT(19, 2), [CLASS_WIDE_LAST] = CUT(20, 2),
    [CLASS_LARGE] = {.size = UINT32_MAX, .count = 1},
    /* clang-format on */
};

/* The granules above the slot before, and up to this one. */
#define GRANULES(n, k) \
    [STEP(n, (k)-1) / GRANULE + 1 ... STEP(n, k) / GRANULE] = 8 * (n) + (k)
#define GRANULES_OF_DOUBLING(n)                                                     \
    GRANULES(n, 1), GRANULES(n, 2), GRANULES(n, 3), GRANULES(n, 4), GRANULES(n, 5), \
        GRANULES(n, 6), GRANULES(n, 7), GRANULES(n, 8)

const uint8_t small_classes[SMALL_MAX / GRANULE + 1] = {
    /* clang-format off */
    1, 1, 2, 3, 4, 5, 6, 7, 8,
    GRANULES_OF_DOUBLING(1), GRANULES_OF_DOUBLING(2), GRANULES_OF_DOUBLING(3),
    GRANULES_OF_DOUBLING(4), GRANULES_OF_DOUBLING(5), GRANULES_OF_DOUBLING(6),
    /* clang-format on */
};

/* What a block does not need for its slots is less than a unit. */
uint32_t sizeclass_units(unsigned class)
{
    const struct geometry *g = &geometries[class];
    if (class == CLASS_LARGE)
        return 1;
    return (uint32_t)(((uint64_t)g->size * g->count + UNIT_BYTES - 1) >> UNIT_SHIFT);
}

/* The first class behind CLASS_EVEN_LAST with aligned slots of so many bytes; it is above
 * CLASS_WIDE_LAST if there is none. */
static unsigned first_cut(size_t bytes, size_t alignment)
{
    unsigned class = CLASS_EVEN_LAST + 1;
    while (class <= CLASS_WIDE_LAST && (geometries[class].size < bytes ||
                                        (geometries[class].size & (alignment - 1)) != 0))
        class ++;
    return class;
}

/* The smallest class whose slot holds so many bytes, 1 to MEDIUM_MAX. */
static unsigned class_of_slot(size_t bytes)
{
    if (bytes <= 128)
        return (unsigned)((bytes + GRANULE - 1) / GRANULE);
    if (bytes > EVEN_MAX)
        return first_cut(bytes, GRANULE);
    unsigned doubling = log2_floor(bytes - 1) - 6;
    return 8 * doubling + (unsigned)((bytes - 1) >> (doubling + 3)) - 8 + 1;
}

unsigned sizeclass_for(size_t size, bool end_pointers)
{
    if (size < PAD_FROM)
        return small_classes[(size + GRANULE - 1) / GRANULE + end_pointers];
    return size < MEDIUM_MAX ? class_of_slot(size + 1) : CLASS_LARGE;
}

/* The first class from `class` on whose slots are all aligned, or CLASS_LARGE. */
static unsigned aligned_class(unsigned class, size_t alignment)
{
    while (class <= CLASS_MEDIUM_LAST && geometries[class].size % alignment != 0)
        class ++;
    return class <= CLASS_MEDIUM_LAST ? class : CLASS_LARGE;
}

unsigned sizeclass_for_aligned(size_t size, size_t alignment, bool end_pointers,
                               bool *filled)
{
    *filled = false;
    if (size > MEDIUM_MAX || alignment > UNIT_BYTES)
        return CLASS_LARGE;
    unsigned tight = aligned_class(class_of_slot(max_size(size, 1)), alignment);
    unsigned padded = aligned_class(sizeclass_for(size, end_pointers), alignment);
    if (padded == tight || end_pointers)
        return padded;
    size_t slot = geometries[tight].size;
    if (padded != CLASS_LARGE && geometries[padded].size - slot <= slot / 8)
        return padded;
    *filled = true;
    return tight;
}

/* A block begins at any unit. */
unsigned sizeclass_wide(size_t size, size_t alignment)
{
    if (size < MEDIUM_MAX || size >= WIDE_MAX || alignment > UNIT_BYTES)
        return CLASS_NONE;
    size_t extent = align_down(align_up(size, OS_PAGE), UNIT_BYTES) + UNIT_BYTES;
    if (extent * 10 <= size * 11)
        return CLASS_NONE;
    unsigned class = first_cut(size + 1, alignment);
    return class <= CLASS_WIDE_LAST && geometries[class].size < extent ? class
                                                                       : CLASS_NONE;
}
