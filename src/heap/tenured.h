/* Tenured blocks: those that nobody has allocated from since the last cycle.  A young collection takes
 * their marked objects for alive, does not sweep them, and scans of them only what has been written
 * since, as the kernel notes it (base/track_writes.h).  Blocks are tenured by the sweep, and are so
 * until a cache draws from them again.
 *
 * Invariant: of a tenured block whose objects may hold pointers every page has been protected since
 * the mark of its objects was stored, or counts as written.  Its objects are marked but for those that
 * came out of a magazine on the way: a slot that was freed by hand in the midst of it may be handed out
 * again, is NEW then, and is reclaimed by the next full cycle. */
#ifndef GCALLOC_HEAP_TENURED_H
#define GCALLOC_HEAP_TENURED_H

#include "heap/types.h"

/* From now on sweeps tenure blocks.  Returns false if the kernel does not note writes for this
 * heap.  The world lock is held. */
bool tenured_start(struct heap *h);

/* Has the kernel be ready to note writes to the heap's pages, of which none is protected by that.  Returns false
 * if it does not note them.  The world lock is held. */
bool tenured_watch(const struct heap *h);

/* From now on the sweep tenures nothing, and the next full one leaves no block tenured.  Writing to what was
 * protected costs nothing any more.  The world lock is held. */
void tenured_stop(struct heap *h);

/* The blocks that a sweep has tenured, on the way to be protected together where they lie side by side. */
struct tenuring {
    struct heap *heap;
    int file;
    uintptr_t low, high; /* not protected yet */
    bool failed;
    uint32_t blocks; /* that were not tenured before */
};

/* Begins, adds the block of so many units, which the caller has not listed yet, and ends.  With `anew` what
 * was written before does not matter any more.  The world is stopped. */
void tenuring_begin(struct tenuring *t, struct heap *h, bool anew);
void tenuring_add(struct tenuring *t, uint32_t head, uint32_t units);
void tenuring_end(struct tenuring *t);

/* A block begins here that is not tenured. */
void tenured_note_block(struct heap *h, uint32_t head);

/* The head of the next block from unit `u` on that is not tenured, or unit_end(h).  The world is
 * stopped. */
uint32_t tenured_next_other(struct heap *h, uint32_t u);

/* Units [first, end), all of tenured blocks with pointers, side by side. */
struct tenured_run {
    uint32_t first, end;
};

/* The next run from unit `u` on; without units if there is none.  The world is stopped, and the
 * heap remembers. */
struct tenured_run tenured_next_run(const struct heap *h, uint32_t u);

/* Gives back the memory of the tables. */
void tenured_release(struct heap *h);

/* Checks that the tables say of the block what its flag says. */
void tenured_check(const struct heap *h, uint32_t head, uint32_t units);

/* The block of so many units is tenured no more.  The lock of its list is held, or the world is stopped. */
void tenured_leave(struct heap *h, uint32_t head, uint32_t units);

#endif
