/* Layouts: where the pointers of typed objects are, and the typed bins that such objects
 * lie in.  Neither objects nor the cache's bins are touched here, and no trace function
 * is called.
 *
 * Layouts are added, and never change but for their name, so that whoever has the number
 * of a layout, or of a bin, reads it without a lock. */
#ifndef GCALLOC_HEAP_LAYOUT_H
#define GCALLOC_HEAP_LAYOUT_H

#include "heap/lookup.h"

enum layout_shape {
    LAYOUT_WHOLE, /* every word of the object may be a pointer */
    LAYOUT_BITS,  /* some of the first 64 words, and no others */
    LAYOUT_WORDS, /* some, in each element of an array or in the one element that is the object */
    LAYOUT_TRACED, /* the program's function knows */
};

enum { LAYOUT_WORD = sizeof(uintptr_t), LAYOUT_BITS_MOST = 64 };

/* Limits that keep word numbers in 32 bits, and names in a line of a report. */
enum { LAYOUT_NAME_MOST = 63 };
#define LAYOUT_SIZE_MOST GIB(1)

struct layout {
    uint64_t bits; /* LAYOUT_BITS: bit k stands for word k */
    const uint32_t
        *words;      /* the words of an element that may be pointers, in rising order */
    uint32_t count;  /* how many words that is */
    uint32_t size;   /* bytes of the object; of an element, where there are several */
    uint32_t header; /* bytes in front of the first element */
    uint8_t shape;   /* enum layout_shape */
    bool sized;      /* objects have any size; their elements go on to the end */
    bool size_given; /* a request that names no size gets `size` */
    void (*trace)(void *object, size_t size, void *data);
    void *data;
    uint32_t *bins;   /* sized: the typed bin of each class; 0: none yet.  Atomic */
    const char *name; /* in memory that stays; NULL: none.  Atomic */
};

/* The layout of a typed bin, whose number is below layout_count. */
INLINE const struct layout *layout_at(const struct heap *h, uint32_t t)
{
    return &h->layouts[t / LAYOUTS_TOGETHER][t % LAYOUTS_TOGETHER];
}

INLINE uint32_t layout_count(const struct heap *h)
{
    return __atomic_load_n(&h->numbers->typed_count, __ATOMIC_ACQUIRE);
}

/* Whether the number is that of a layout, and not that of a further bin of one. */
INLINE bool layout_exists(const struct heap *h, uint32_t t)
{
    return t != 0 && t < layout_count(h) && typed_bin_layout(&h->typed[t]) == t;
}

/* Adds a copy of the layout, and its first bin, for objects of that kind and class, which
 * may be CLASS_NONE for a sized layout.  `bins` and `name` need not be set.  Returns the
 * layout's number, or 0 with errno ENOMEM, or ENOSPC if there are too many. */
uint32_t layout_add(struct heap *h, const struct layout *l, enum kind kind,
                    unsigned class);

/* The class of slots for objects of so many bytes, with what the heap's observers have behind them. */
INLINE unsigned layout_class(const struct heap *h, size_t size)
{
    return sizeclass_for(size + h->spare, h->numbers->end_pointers);
}

/* Returns the typed bin for objects of the layout in slots of the class, which is the
 * layout's own bin if it is not sized.  Adds it if there is none yet.  Returns 0 with
 * errno ENOMEM, or ENOSPC if there are too many. */
uint32_t layout_bin(struct heap *h, uint32_t layout, unsigned class);

/* Gives the layout a name, cut off after LAYOUT_NAME_MOST bytes.  Returns false with
 * errno ENOMEM if there is no memory for it. */
bool layout_set_name(struct heap *h, uint32_t layout, const char *name);

/* The layout's name, or NULL if it has none. */
const char *layout_name(const struct heap *h, uint32_t layout);

/* Frees all layouts of a heap that is about to be destroyed. */
void layouts_release(struct heap *h);

/* Checks that all layouts and typed bins of the heap are well-formed. */
void layouts_check(const struct heap *h);

#endif
