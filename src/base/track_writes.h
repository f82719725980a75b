/* Which pages the program has written to.  Under option tracking=barrier the program itself says so (cards.h);
 * else the kernel notes it by itself: pages are protected, the
 * first write to one lets the kernel note it and go on, and what was written is asked for later and
 * protected again in the same step (asynchronous userfaultfd and PAGEMAP_SCAN, Linux 6.7).  No
 * signal is involved, no thread waits, and the kernel's own writes (`read` into the page) are
 * noted as well.
 *
 * Invariant: what is not known counts as written.  A page that lost its protection, because it was given
 * back, mapped anew or because the program closed the descriptor, is never told to be unwritten. */
#ifndef GCALLOC_BASE_TRACK_WRITES_H
#define GCALLOC_BASE_TRACK_WRITES_H

#include "base/os.h"

/* Has the kernel be ready to note writes to a range of private memory, whether its pages are
 * usable by now or not.  May be called again, when part of the range was mapped anew or this is the child of
 * a fork, where nothing is tracked any more.  Returns false with errno set if the kernel has no such thing, or
 * does not let the process have it.  The world lock is held, if there is a world. */
bool track_writes_begin(void *address, size_t bytes);

/* Returns what the first write to a protected page costs, in nanoseconds: one thousand, or twenty of them where
 * a virtual machine has to be asked.  The first call measures it, on some pages of its own, after
 * track_writes_begin, with the world lock; later ones are free to come from anywhere. */
uint32_t track_writes_ns(void);

/* What the next two functions ask by, on this thread; -1 if that cannot be had.  To be closed. */
int track_writes_open(void);
void track_writes_close(int file);

/* Whether writing to a protected page costs nothing, and protecting it does not disturb other threads. */
bool track_writes_is_free(void);

/* Protects the pages of a range.  `file` is what track_writes_open returned.  Returns false if they are
 * not protected, or not all. */
bool track_writes_protect(int file, uintptr_t low, uintptr_t high);

/* Finds what was written of a protected range from *low on, and protects it again with `again`, which
 * costs by far the most, as all processors hear of it.  Returns the number of parts, at most `most`, in
 * order; *low becomes where the search has come to, `high` at last.  What is not known is one part that was
 * written, and then *known becomes false, and else stays what it is. */
size_t track_writes_collect(int file, uintptr_t *low, uintptr_t high, bool again,
                            struct os_part *parts, size_t most, bool *known);

/* Takes the protection from a range, so that writing there costs no fault. */
void track_writes_give_up(uintptr_t low, uintptr_t high);

#endif
