/* The map of the heap, finding free extents: the policies, and what each keeps of one heap.  Included by
 * heap/types.h only. */
#ifndef GCALLOC_HEAP_TYPES_FIT_H
#define GCALLOC_HEAP_TYPES_FIT_H

#include <stdbool.h>
#include <stdint.h>

struct heap;

/* Where a request goes: from unit `start` on, in the free extent that begins at `extent`;
 * if `extent` is 0, there is no place. */
struct fit_place {
    uint32_t extent, start;
};

/* A fit policy decides which free units serve a request.  It is told of each extent that
 * comes and goes, and the units of an extent do not change in between. */
struct fit {
    const char *name;
    /* Begins with no free extents. */
    void (*start)(struct heap *h);
    void (*insert)(struct heap *h, uint32_t first);
    void (*remove)(struct heap *h, uint32_t first);
    /* Returns a place for `units` at an address that is a multiple of the bytes of
     * `alignment` units, and none only if no extent holds it.  The caller takes what it
     * is given. */
    struct fit_place (*find)(struct heap *h, uint32_t units, uint32_t alignment);
    /* Checks the policy's structure, and returns the number of extents in it. */
    uint32_t (*check)(const struct heap *h);
};

/* What fit_adaptive knows of one heap. */
struct fit_adaptive {
    bool best; /* the policy that it is in: best fit, else first fit */
    struct fit_window {
        uint32_t searches;
        uint32_t failures; /* though enough units were free, but not together */
        uint64_t steps;
    } window;              /* since the policy was last judged */
    uint32_t free_units;   /* in all extents */
    uint32_t in_a_row;     /* judgements that another policy were better */
    uint32_t patience;     /* windows to come that are not judged */
    uint32_t patience_max; /* what it is set to at the next switch */
    uint32_t switches;
    uint64_t moved; /* extents, from tree to tree by switches */
};

/* What the policies keep of one heap. */
struct fit_state {
    uint32_t root; /* of the tree of free extents, in the order that the policy prefers */
    bool by_size;  /* which is that of (units, address); else of address */
    uint32_t cursor;   /* next: the unit behind what was found last */
    uint64_t searches; /* calls of find */
    uint64_t steps;    /* extents looked at by them */
    struct fit_adaptive adaptive;
};

#endif
