/* Typed objects on the marker's queues: such an entry has, in place of the object's bytes, the
 * number of its typed bin, and at which of the words that the layout names scanning is to begin
 * or go on. */
#ifndef GCALLOC_COLLECT_MARK_TYPED_H
#define GCALLOC_COLLECT_MARK_TYPED_H

#include "collect/mark.h"
#include "heap/layout.h"

/* 63: set, so that every such entry is larger than any object; 16 and up: the word; below: the
 * bin. */
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

/* Copies words of the object to m->found, and pushes what is left of it to the grey queue.
 * Returns how many. */
size_t mark_typed_words(struct marker *m, const struct grey *w);

/* Marks what a typed object points to, but for itself. */
void mark_typed_targets(struct marker *m, const struct cell *o);

/* The object that the word points to is marked, and on the grey queue if it may hold pointers. */
void mark_word(struct marker *m, uintptr_t word);

#endif
