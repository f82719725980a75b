/* A heap as a whole: making it, destroying it, checking it.  What its parts do stands in
 * their own headers, and no fast path comes by here.  Between heap_create and
 * heap_destroy the invariants of types.h hold whenever no thread is at work on the heap. */
#ifndef GCALLOC_HEAP_HEAP_H
#define GCALLOC_HEAP_HEAP_H

#include "heap/types.h"

/* The heap behind gc_alloc. */
SHARED_DATA struct heap process_heap;

struct heap_config {
    const struct os_space *space; /* where its units come from */
    const struct fit *fit;        /* the fit policy; NULL: fit_first */
    size_t reserve;               /* most address space that it may take */
    size_t huge_from;             /* bytes from which it wants huge pages; 0: never */
    bool end_pointers;            /* slots of every size have a byte to spare */
    bool sites;                   /* it is recorded where objects come from */
};

/* Makes an empty heap.  Returns false with errno ENOMEM if there is not enough address
 * space or memory. */
bool heap_create(struct heap *h, const struct heap_config *config);

/* Destroys the heap with all that is in it.  No cache may be left but those that the heap
 * keeps. */
void heap_destroy(struct heap *h);

/* Checks all invariants of the heap and of its only cache (NULL: there is none), and
 * aborts if one fails. */
void heap_check(struct heap *h, const struct cache *c);

/* Checks all invariants of a heap whose caches together hold `held` slots, while no more
 * than `in_flight` further slots are on the way between a cache and the program.  Aborts
 * if one fails. */
void heap_check_held(struct heap *h, uint32_t held, uint32_t in_flight);

#endif
