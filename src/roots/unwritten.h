/* Static data that the program has not written to since the last cycle, by whole pages, as the kernel notes it
 * (base/track_writes.h).  A young cycle need not scan it.
 *
 * Invariant: all that the words of a tracked page point to is marked, or was freed by hand, as long as the page is
 * not written to.  The cycle that began to track it has scanned it, each one since has either
 * found it unwritten or scanned it, and has ended with its sweep; and young cycles leave the marks of
 * those before as they are.  A page that was not protected after that counts as written.
 *
 * Only ranges of the loader's are tracked.  Memory that the program has registered may be enlarged by mremap or
 * be shared with others, and the kernel would have neither where its pages are watched.  Nor is a range
 * tracked that something shared was mapped over: what others write there is not noted. */
#ifndef GCALLOC_ROOTS_UNWRITTEN_H
#define GCALLOC_ROOTS_UNWRITTEN_H

#include "roots/range.h"

struct heap;

/* All static data is about to be scanned, by a cycle that goes on to its sweep: from now on it is tracked what is
 * written to the large ones of these ranges.  The world is stopped. */
void unwritten_begin(const struct heap *h, const struct range_list *segments);

/* Adds to `unwritten`, in order, what was not written since the last cycle, of ranges that are among the
 * segments still.  The rest is about to be scanned, and is tracked again from now on, but for pages that are
 * written before each cycle.  Returns how many pages the program has had to fault for.  The world is stopped. */
size_t unwritten_list(const struct heap *h, const struct range_list *segments,
                      struct range_list *unwritten);

/* Nothing is tracked, and the program can write to it without a fault. */
void unwritten_forget(void);

#endif
