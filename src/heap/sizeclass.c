/* The tables of size classes, and the slow ways into them. */
#include "heap/sizeclass.h"

struct geometry geometries[1 << CLASS_BITS] PRIVATE_DATA;
uint8_t small_classes[SMALL_MAX / GRANULE + 1] PRIVATE_DATA;

/* Blocks of the classes behind CLASS_EVEN_LAST: so many units, cut into so many slots.  An
 * object's share of a block is a tenth larger than the slot before it at most, or than the sizes
 * for which an extent of whole units does as well. */
static const struct cut {
    uint8_t units, slots;
} cuts[] = {
    /* clang-format off */
    /* From 34 to 64 KiB. */
    {8, 15}, {9, 16}, {9, 15}, {5, 8}, {11, 16}, {6, 8}, {9, 11}, {7, 8}, {15, 16}, {8, 8},
    /* To 128 KiB, and to each other multiple of a unit. */
    {17, 16}, {9, 8}, {6, 5}, {5, 4}, {11, 8}, {3, 2}, {13, 8}, {7, 4}, {15, 8}, {4, 2},
    {11, 5}, {12, 5}, {13, 5}, {11, 4}, {6, 2},
    {13, 4}, {7, 2}, {15, 4}, {8, 2},
    {13, 3}, {14, 3}, {10, 2},
    {11, 2}, {12, 2},
    {13, 2}, {14, 2},
    {15, 2}, {16, 2},
    {17, 2}, {18, 2},
    {19, 2}, {20, 2},
    /* clang-format on */
};

_Static_assert(sizeof cuts / sizeof cuts[0] == CLASS_WIDE_LAST - CLASS_EVEN_LAST,
               "one for each class");

/* Slots of whole pages, as a rule, serve aligned requests. */
enum { CUT_ALIGNMENT = 2048 };

static const struct cut *cut_of(unsigned class)
{
    return &cuts[class - CLASS_EVEN_LAST - 1];
}

uint32_t sizeclass_units(unsigned class)
{
    if (class <= CLASS_SMALL_LAST || class == CLASS_LARGE)
        return 1;
    return class <= CLASS_EVEN_LAST ? MEDIUM_UNITS : cut_of(class)->units;
}

/* Slot size of a class from 1 to CLASS_WIDE_LAST: classes 1-8 are 16-128, then class
 * 8 * d + k (k from 1 to 8) is (8 + k) / 8 of 64 << d, to 32 KiB. */
static uint32_t slot_size(unsigned class)
{
    if (class <= 8)
        return class * GRANULE;
    if (class > CLASS_EVEN_LAST)
        return (uint32_t)align_down(
            sizeclass_units(class) * UNIT_BYTES / cut_of(class)->slots, CUT_ALIGNMENT);
    unsigned doubling = (class - 1) / 8, step = (class - 1) % 8 + 1;
    return (8 + step) << (doubling + 3);
}

/* The first class behind CLASS_EVEN_LAST with aligned slots of so many bytes; past the last:
 * there is none. */
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

void sizeclass_init(bool end_pointers)
{
    for (unsigned class = 1; class <= CLASS_WIDE_LAST; class ++) {
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

unsigned sizeclass_wide(size_t size, size_t alignment)
{
    if (size < MEDIUM_MAX || size >= WIDE_MAX)
        return CLASS_NONE;
    size_t extent = align_down(align_up(size, OS_PAGE), UNIT_BYTES) + UNIT_BYTES;
    if (extent * 10 <= size * 11)
        return CLASS_NONE;
    unsigned class = first_cut(size + 1, alignment);
    return class <= CLASS_WIDE_LAST && geometries[class].size < extent ? class
                                                                       : CLASS_NONE;
}
