/* A grey queue: ranges still to be scanned, last in, first out; another queue is given
 * the oldest, from which most follows.  It does not know what a range is of.
 *
 * Its address space is reserved once, and memory is taken as it grows.  If there is none
 * left, pushing fails: a mark-stack overflow, after which the marker finds what is grey
 * in the heap. */
#ifndef GCALLOC_COLLECT_GREY_QUEUE_H
#define GCALLOC_COLLECT_GREY_QUEUE_H

#include "base/bits.h"

struct grey {
    uintptr_t address;
    size_t bytes;
};

struct grey_queue {
    struct grey *items;
    size_t first, end; /* items [first, end) are in the queue */
    size_t ready;      /* items that memory is committed for */
    size_t capacity;   /* items that address space is reserved for */
};

/* Makes a queue for `capacity` items, or fewer if the system does not grant as much.
 * Returns false if not even the least is to be had. */
bool grey_queue_create(struct grey_queue *l, size_t capacity);

/* Gives back its address space, too.  One that was never made has none. */
void grey_queue_destroy(struct grey_queue *l);

/* Gives back the memory of an empty queue, but for the first pages. */
void grey_queue_trim(struct grey_queue *l);

INLINE size_t grey_queue_size(const struct grey_queue *l)
{
    return l->end - l->first;
}

/* Pushes items.  Returns false if there is no room, in which case nothing was pushed. */
bool grey_queue_push(struct grey_queue *l, const struct grey *items, size_t count);

/* Moves the `count` oldest items to another queue.  Returns false if that has no room, in
 * which case nothing moved. */
bool grey_queue_give(struct grey_queue *l, struct grey_queue *to, size_t count);

/* Checks that the queue's bounds are in order. */
void grey_queue_check(const struct grey_queue *l);

#endif
