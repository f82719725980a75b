/* A list of work: ranges still to be scanned, last in, first out; another list is given
 * the oldest, from which most follows.
 *
 * Its address space is reserved once, and memory is taken as it grows.  If there is none
 * left, pushing fails, and the marker finds the work again in the heap. */
#ifndef GCALLOC_COLLECT_WORKLIST_H
#define GCALLOC_COLLECT_WORKLIST_H

#include "base/bits.h"

struct work {
    uintptr_t address;
    size_t bytes;
};

struct worklist {
    struct work *items;
    size_t first, end; /* items [first, end) are on the list */
    size_t ready;      /* items that memory is committed for */
    size_t capacity;   /* items that address space is reserved for */
};

/* false: not even the least is to be had. */
bool worklist_create(struct worklist *l, size_t capacity);

/* Gives the memory of an empty list back, but for the first pages. */
void worklist_trim(struct worklist *l);

INLINE size_t worklist_size(const struct worklist *l)
{
    return l->end - l->first;
}

/* false: there is no room, and nothing was pushed. */
bool worklist_push(struct worklist *l, const struct work *items, size_t count);

/* Moves the `count` oldest to another list.  false: that has no room, nothing moved. */
bool worklist_give(struct worklist *l, struct worklist *to, size_t count);

#endif
