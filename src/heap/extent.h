/* Free units: taking, giving back, coalescing, returning their memory.  Which of them
 * serve a request is the fit policy's choice, and what is in a unit that is used is not
 * known here.  Each function takes the extent lock, but extent_check; no two free extents
 * touch. */
#ifndef GCALLOC_HEAP_EXTENT_H
#define GCALLOC_HEAP_EXTENT_H

#include "heap/types.h"

/* Takes adjacent units, the first at a multiple of `alignment` units, for a block that
 * holds `bytes` of memory, and adds these to used_bytes.  The words of the units are
 * UNIT_USED, and UNIT_DIRTY where old contents may remain.  Returns the first, or 0 with
 * errno ENOMEM if there are none or the heap's limit forbids it. */
uint32_t extent_take(struct heap *h, uint32_t units, uint32_t alignment, size_t bytes);

/* Takes one unit of the unit run, which is filled first if it is empty: with more units
 * each time, as far as they lie side by side and have no memory, up to a huge page.
 * Returns the unit, or 0 with errno ENOMEM. */
uint32_t extent_take_from(struct heap *h, struct unit_run *r);

/* Makes the units of the unit run free again.  It is empty then, and goes on to grow from
 * where it was. */
void extent_give_unit_run(struct heap *h, struct unit_run *r);

/* Takes the `more` units behind unit `end`, with `bytes` of memory.  Returns false if
 * they are not free, or if the heap's limit forbids it. */
bool extent_take_behind(struct heap *h, uint32_t end, uint32_t more, size_t bytes);

/* Gives back adjacent units that held `bytes`, the first `touched` of them written to. */
void extent_give(struct heap *h, uint32_t first, uint32_t units, uint32_t touched,
                 size_t bytes);

/* Takes off used_bytes what a block gave back of its memory without giving back a unit. */
void extent_forget(struct heap *h, size_t bytes);

/* Returns the memory of free units to the system until no more than `keep` bytes of it
 * are left, from the highest address down. */
void extent_trim(struct heap *h, size_t keep);

/* Returns what free units that are not dirty hold all the same, since it came with huge
 * pages, and their states. */
void extent_trim_clean(struct heap *h);

/* Returns the memory of free units as extent_trim does, but only what lay unused all the
 * time since the last call. */
void extent_trim_unused(struct heap *h, size_t keep);

/* Counts `made` bytes that blocks gave back page by page, and `filled` bytes that they
 * hold again. */
void extent_change_holes(struct heap *h, size_t made, size_t filled);

/* What blocks hold, and all that the heap holds, now and at most; the most is without what they have in common.  Other threads may
 * change it meanwhile. */
struct extent_bytes {
    size_t used, held, held_most;
};
struct extent_bytes extent_bytes(struct heap *h);

/* Sets the heap's limit, and returns what free units hold beyond it. */
void extent_set_limit(struct heap *h, size_t limit);

/* Makes the extents anew from the words of the units: whatever is not used is free.  The extent lock is
 * held, or nobody else is at work on the heap. */
void extent_rebuild(struct heap *h);

/* Checks that every free unit is in exactly one extent, no two extents touch, and
 * dirty_bytes is right.  Returns the number of free units. */
uint32_t extent_check(struct heap *h);

#endif
