/* Typed objects on the marker's queues: such an entry has, in place of the object's
 * bytes, the number of its typed bin, and at which of the words that the layout names
 * scanning is to begin or go on.  Which words a layout names is found by precise.h.  An
 * entry of a typed object is never mistaken for a range. */
#ifndef GCALLOC_COLLECT_MARK_TYPED_H
#define GCALLOC_COLLECT_MARK_TYPED_H

#include "collect/mark.h"
#include "heap/layout.h"

/* Bit 63 is set, so that every such entry is larger than any object; from bit 16 on there
 * is the number of the word, below it the bin. */
#define GREY_TYPED ((size_t)1 << 63)

INLINE bool grey_is_typed(const struct grey *w)
{
    return w->bytes >= GREY_TYPED;
}

INLINE size_t grey_typed_bytes(uint32_t t, size_t from)
{
    return GREY_TYPED | from << TYPED_MOST_SHIFT | t;
}

INLINE uint32_t grey_bin(const struct grey *w)
{
    return w->bytes & (TYPED_MOST - 1);
}

INLINE size_t grey_from(const struct grey *w)
{
    return (w->bytes & ~GREY_TYPED) >> TYPED_MOST_SHIFT;
}

/* Copies words of the object to m->found, and pushes what is left of it to the grey
 * queue.  Returns how many words it copied. */
size_t mark_typed_words(struct marker *m, const struct grey *w);

/* Marks what a typed object points to, but for the object itself. */
void mark_typed_targets(struct marker *m, const struct cell *o);

/* Marks the object that the word points to, and pushes it to the grey queue if it may
 * hold pointers. */
void mark_word(struct marker *m, uintptr_t word);

#endif
