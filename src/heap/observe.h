/* Observers: who is told what happens to each object of a heap.  A mode of the library is a set of
 * them, chosen when the heap is made, before any of its threads has a cache.
 *
 * While there is one, no thread uses the fast paths, so that every event comes by here; while there
 * is none, slow paths pay one comparison. */
#ifndef GCALLOC_HEAP_OBSERVE_H
#define GCALLOC_HEAP_OBSERVE_H

#include "heap/lookup.h"
#include "trace/capture.h"

/* NULL: it does not want to know. */
struct observer {
    /* The object is the program's from now on, which asked for so many bytes; the stack of the
     * call, in the depot, is only known if the observer wants it, and may not be (0).  In a
     * critical section, or not. */
    void (*allocated)(struct heap *h, const struct cell *o, size_t requested,
                      uint32_t stack);
    /* It was resized where it is. */
    void (*resized)(struct heap *h, const struct cell *o, size_t requested);
    /* The program is about to free it, by this call.  In no critical section. */
    void (*freed)(struct heap *h, const struct cell *o, struct call call);
    /* The sweep is about to reclaim it.  The world is stopped. */
    void (*found_dead)(struct heap *h, const struct cell *o);
    bool wants_stacks;
};

/* Adds one for good.  OBSERVERS_MOST at most; the heap is used by nobody yet. */
void observe(struct heap *h, const struct observer *observer);

INLINE bool is_observed(const struct heap *h)
{
    return UNLIKELY(h->observers[0] != NULL);
}

/* The stack of this call, where an observer wants it; else 0.  Not in a critical section. */
uint32_t observe_stack(const struct heap *h, struct call call);

/* They tell all observers; to be called if there are any. */
void observe_allocated(struct heap *h, const struct cell *o, size_t requested,
                       uint32_t stack);
void observe_resized(struct heap *h, const struct cell *o, size_t requested);
void observe_freed(struct heap *h, const struct cell *o, struct call call);

/* Of the objects in this block, those that are not marked by now. */
void observe_dead(struct heap *h, uint32_t head);

#endif
