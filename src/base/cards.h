/* The card table: one byte for each 512 of a range of memory, which the program's write barrier sets
 * (gc_store, gc_write), for programs that tell of their writes themselves.  It is what
 * track_writes.h offers, without the kernel.
 *
 * Invariant: a card is set after the store that it tells of, and cleared before the words are looked at; so
 * a store is seen by whoever clears its card, or the card is set again.  A thread that stands still between
 * the two holds the value that it has stored. */
#ifndef GCALLOC_BASE_CARDS_H
#define GCALLOC_BASE_CARDS_H

#include <gcalloc/inline.h>

#include "base/os.h"

/* Of a table of pointers that is written to all over, what was written is scanned, and not whole pages: with
 * 4 KiB for a card the second stops of bench/cache scanned ten times as much. */
enum { CARD_BYTES = 1 << GC_INLINE_CARD_SHIFT };

/* From now on stores to the range set cards; it begins at a multiple of 4 KiB.  There is one such range in a
 * process, and asking for it again does nothing.  Returns false with errno: ENOMEM, or EBUSY for another
 * range.  The world lock is held, if there is a world. */
bool cards_begin(uintptr_t low, size_t bytes);

/* Sets the cards of what was written, as far as it lies in the range. */
void cards_note(const void *address, size_t bytes);

/* Clears the cards of a part of the range. */
void cards_clear(uintptr_t low, uintptr_t high);

/* Finds the parts of [*low, high) whose cards are set, and clears these with `again`: as
 * track_writes_collect. */
size_t cards_collect(uintptr_t *low, uintptr_t high, bool again, struct os_part *parts,
                     size_t most);

#endif
