/* Free units: taking, giving back, coalescing, returning their memory.  Each function
 * takes the extent lock. */
#ifndef GCALLOC_HEAP_EXTENT_H
#define GCALLOC_HEAP_EXTENT_H

#include "heap/types.h"

/* Takes adjacent units, the first at a multiple of `alignment` units, for a block that
 * holds `bytes` of memory: adds them to used_bytes.  The words of the units are UNIT_USED,
 * and UNIT_DIRTY where old contents may remain.  Returns the first; 0 with ENOMEM: none, or
 * the heap's limit. */
uint32_t extent_take(struct heap *h, uint32_t units, uint32_t alignment, size_t bytes);

/* One unit of the unit run, which is filled first if it is empty: with more units each time, as far as
 * they lie side by side and have no memory, up to a huge page.  0 with ENOMEM. */
uint32_t extent_take_from(struct heap *h, struct unit_run *r);

/* The unit run's units are free again, and it is empty.  It goes on to grow from where it was. */
void extent_give_unit_run(struct heap *h, struct unit_run *r);

/* Takes the `more` units behind unit `end`, `bytes` of memory, if they are free. */
bool extent_take_behind(struct heap *h, uint32_t end, uint32_t more, size_t bytes);

/* Gives back adjacent units that held `bytes`, the first `touched` of them written to. */
void extent_give(struct heap *h, uint32_t first, uint32_t units, uint32_t touched,
                 size_t bytes);

/* A block gave back so many bytes of its memory, and no units. */
void extent_forget(struct heap *h, size_t bytes);

/* Returns the memory of free units to the system until no more than `keep` bytes of it
 * are left, from the highest address down. */
void extent_trim(struct heap *h, size_t keep);

/* Returns what free units that are not dirty hold all the same, and their states: it came with
 * huge pages. */
void extent_trim_clean(struct heap *h);

/* Like extent_trim, but only what lay unused all the time since the last call. */
void extent_trim_unused(struct heap *h, size_t keep);

/* Blocks gave back `made` bytes page by page, and hold `filled` bytes again. */
void extent_change_holes(struct heap *h, size_t made, size_t filled);

/* What blocks hold, and all that the heap holds, now and at most, while other threads may change
 * it. */
struct extent_bytes {
    size_t used, held, held_most;
};
struct extent_bytes extent_bytes(struct heap *h);

/* Sets the heap's limit, and returns what free units hold beyond it. */
void extent_set_limit(struct heap *h, size_t limit);

/* Every free unit is in exactly one extent, no two extents touch, dirty_bytes is right.
 * Returns the number of free units. */
uint32_t extent_check(struct heap *h);

#endif
