/* Observers: who is told what happens to each object of a heap.  A mode of the library is a set of
 * them, chosen when the heap is made, before any of its threads has a cache.
 *
 * While there is one, no thread uses the fast paths, so that every event comes by here; while there
 * is none, slow paths pay one comparison.  An observer that keeps something of each object has a
 * table of its own beside the states, as site.c in src/mutator has, or its bytes behind the object. */
#ifndef GCALLOC_HEAP_OBSERVE_H
#define GCALLOC_HEAP_OBSERVE_H

#include "heap/lookup.h"
#include "trace/capture.h"

/* What an observer is called for; a function is NULL if it does not want to know. */
struct observer {
    /* The object is the program's from now on, which asked for so many bytes.  The stack
     * of the call, in the depot, is known only if the observer wants it, and even then it
     * may not be (0).  Called in a critical section: in a pause either all know of the object, or none does. */
    void (*allocated)(struct heap *h, const struct cell *o, size_t requested,
                      uint32_t stack);
    /* The program has asked by this call for another size of the object.  Either `resized` follows, with
     * the size that it has from then on, or it is moved: another one is allocated, and this one freed.
     * Called in no critical section. */
    void (*resizing)(struct heap *h, const struct cell *o, struct call call);
    /* The object was resized where it is, or is as it was.  Called in a critical section. */
    void (*resized)(struct heap *h, const struct cell *o, size_t requested);
    /* The program is about to free the object, by this call.  Called in no critical section. */
    void (*freed)(struct heap *h, const struct cell *o, struct call call);
    /* The program has freed the object.  The observer takes it, to free it some time in its own way, or
     * returns false.  Called in no critical section, when all have been told that it is freed. */
    bool (*keeps)(struct heap *h, const struct cell *o);
    /* The sweep is about to reclaim the object.  The world is stopped. */
    void (*found_dead)(struct heap *h, const struct cell *o);
    bool wants_stacks;
    /* So many bytes of the slot behind each object are the observer's. */
    size_t spare;
};

/* Adds an observer for good, the last of OBSERVERS_MOST at most.  The heap is used by
 * nobody yet. */
void observe(struct heap *h, const struct observer *observer);

INLINE bool is_observed(const struct heap *h)
{
    return UNLIKELY(h->observers[0] != NULL);
}

/* The stack of this call, in the depot, as option `stacks` has it. */
uint32_t observe_call(struct call call);

/* Captures the stack of this call if an observer wants it, and returns 0 otherwise.  Not
 * called in a critical section. */
uint32_t observe_stack(const struct heap *h, struct call call);

/* These functions tell all observers, and need be called only if there are any. */
void observe_allocated(struct heap *h, const struct cell *o, size_t requested,
                       uint32_t stack);
void observe_resizing(struct heap *h, const struct cell *o, struct call call);
void observe_resized(struct heap *h, const struct cell *o, size_t requested);
void observe_freed(struct heap *h, const struct cell *o, struct call call);

/* Whether an observer has taken the object, which was freed. */
bool observe_keeps(struct heap *h, const struct cell *o);

/* Tells the observers of each object in this block that is not marked by now.  The world
 * is stopped. */
void observe_dead(struct heap *h, uint32_t head);

#endif
