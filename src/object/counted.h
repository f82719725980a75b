/* What the parts of counting share: the head in front of a counted object, and the layouts by
 * which counted objects are known. */
#ifndef GCALLOC_OBJECT_COUNTED_H
#define GCALLOC_OBJECT_COUNTED_H

#include <gcalloc/counted.h>

#include "heap/lookup.h"

/* Flags of the head's word, beside GC_COUNTED_IS_UNSHARED. */
enum {
    /* Its thread is about to destroy it: instead of the count the word has the next such object of the
     * thread's. */
    COUNTED_DYING = 2,
    COUNTED_DESTROYED = 4, /* the function was called, or is running */
    COUNTED_DEAD = 8,      /* a collection has found it; its memory is the collector's */
    COUNTED_FLAGS = 15,
    COUNTED_INNER = 16, /* another one of these points to it */
    /* Its memory is what the program's handler gave when there was none. */
    COUNTED_FOREIGN = 32,
};

/* The head's word.  Whoever has a weak reference may look at it at any time (gc_weak_retain). */
INLINE uint64_t counted_word(const struct gc_counted_head *head)
{
    return __atomic_load_n(&head->word, __ATOMIC_RELAXED);
}

INLINE void counted_set_word(struct gc_counted_head *head, uint64_t word)
{
    __atomic_store_n(&head->word, word, __ATOMIC_RELAXED);
}

/* The layouts of scanned and of atomic counted objects; 0: there are none yet.  Atomic */
SHARED_DATA uint32_t counted_layouts[2];

/* Threads that destroy at this moment.  Atomic */
SHARED_DATA uint32_t counted_dying;

/* Child of a fork: the other threads do no longer. */
void counted_dying_forked(void);

/* What waited for its turn on a thread that is gone with a fork is again as it was before its count
 * came to 0. */
void counted_orphaned(struct gc_counted_head *head);

/* The slot's head, if the cell is of a counted object; NULL: it is not. */
struct gc_counted_head *counted_head(const struct heap *h, const struct cell *o);

/* The living object that the program means by this pointer: one that begins there, or a counted
 * one whose head lies in front of it. */
bool counted_or_object(const void *object, struct cell *o);

/* One reference more, for an object that has one.  Returns false if it has none any more, and
 * with errno EINVAL if the object is no counted one. */
bool counted_retain(void *object);

/* Destroys the object in this slot, and what that releases, if no such call is under way on this
 * thread; else later. */
void counted_destroy(struct gc_counted_head *head);

/* From now on collections look for those that counts cannot free. */
void counted_begin(void);

/* The calling thread is destroying one already, and destroys those that collections have found when
 * it is through with that: they have an order of their own, and counts for which a list of what
 * waits has no room. */
bool counted_postpone_dead(void);

/* Destroys those that collections have found, which was put off for this call.  It is filled in
 * by counted_begin. */
SHARED_DATA size_t (*counted_destroy_found)(void);

/* How many of them no thread is at yet.  Changes in a pause, and under a lock. */
SHARED_DATA size_t counted_found;

/* The address leads to one of them.  In a cycle, when all have been found. */
bool counted_is_found(const struct heap *h, uintptr_t address);

/* Whether what is weak is to forget an object before its end: it is marked, if at all, only to be
 * destroyed. */
INLINE bool counted_ends(const struct heap *h, uintptr_t address)
{
    return UNLIKELY(counted_found > 0) && counted_is_found(h, address);
}

/* With option verify, once counted_begin was called: the object's count has come to 0, and it
 * was destroyed.  It is zeroed, and kept until collections have looked whether anything still
 * points to it. */
SHARED_DATA void (*counted_suspect)(struct gc_counted_head *head);

#endif
