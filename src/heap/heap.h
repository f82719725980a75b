/* A heap as a whole. */
#ifndef GCALLOC_HEAP_HEAP_H
#define GCALLOC_HEAP_HEAP_H

#include "heap/types.h"

/* The heap behind gc_alloc. */
SHARED_DATA struct heap process_heap;

struct heap_config {
    const struct os_space *space; /* where its units come from */
    const struct fit *fit;        /* which free units serve a request; NULL: fit_first */
    size_t reserve;               /* most address space that it may take */
    size_t huge_from;             /* bytes from which it wants huge pages; 0: never */
    bool end_pointers;            /* slots of every size have a byte to spare */
    bool sites;                   /* it is recorded where objects come from */
};

/* Makes an empty heap.  false: ENOMEM. */
bool heap_create(struct heap *h, const struct heap_config *config);

/* Everything in it is gone.  No cache may be left. */
void heap_destroy(struct heap *h);

/* All invariants of the heap and of the only cache (NULL: none); aborts if one fails. */
void heap_check(struct heap *h, const struct cache *c);

/* The same where all caches together hold `held` slots, and no more than `in_flight` more
 * are on the way between a cache and the program. */
void heap_check_held(struct heap *h, uint32_t held, uint32_t in_flight);

#endif
