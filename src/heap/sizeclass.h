/* Size classes: slots in steps of 16 bytes to 128, then eight sizes per doubling to 32
 * KiB, then sizes of which each takes a tenth more memory than the one before at most,
 * what remains at the ends of blocks included.  The tables are constant, and know nothing
 * of a heap but whether its slots of every size have a byte to spare. */
#ifndef GCALLOC_HEAP_SIZECLASS_H
#define GCALLOC_HEAP_SIZECLASS_H

#include "heap/types.h"

enum {
    EVEN_MAX = 32768,         /* largest slot of the classes with eight to a doubling */
    MEDIUM_MAX = 65536,       /* largest medium slot */
    WIDE_MAX = 640 << 10,     /* largest wide slot */
    SMALL_REQUEST_MAX = 8191, /* any request up to here is small */
};

SHARED_DATA const struct geometry geometries[1 << CLASS_BITS];

/* The tightest class of small slots for a number of granules; 0 granules take a slot, too. */
SHARED_DATA const uint8_t small_classes[SMALL_MAX / GRANULE + 1];

/* The class for a request, CLASS_LARGE if it is too big for a slot.  In a heap with
 * `end_pointers` requests below PAD_FROM get a byte more, too, those of uneven size
 * perhaps a granule too much. */
unsigned sizeclass_for(size_t size, bool end_pointers);

/* The class for a request with an alignment above GRANULE, a power of two.  Such a request may
 * fill its slot (*filled) where a slot with a byte more would waste over an eighth. */
unsigned sizeclass_for_aligned(size_t size, size_t alignment, bool end_pointers,
                               bool *filled);

/* The class of wide slots for a request that sizeclass_for calls large, where an extent
 * of its own would be over a tenth larger than the request; CLASS_NONE where it would not
 * be, or if there is no such slot. */
unsigned sizeclass_wide(size_t size, size_t alignment);

/* How many state bytes a block of this class has, as a power of two: one for each slot,
 * and one behind the last if the block has room there. */
INLINE unsigned sizeclass_state_shift(unsigned class)
{
    uint32_t count = geometries[class].count;
    return count <= 1u << STATE_SHIFT_LEAST ? STATE_SHIFT_LEAST
                                            : log2_floor(count - 1) + 1;
}

/* The units of a block of this class; for CLASS_LARGE, one: the unit that has the state. */
uint32_t sizeclass_units(unsigned class);

#endif
