/* gcalloc: finalizers and guardians, for what is to happen when an object has become
 * unreachable.
 *
 * A finalizer is a function that is called once with the object, after a collection has found
 * that nothing reaches it any more; a guardian hands such objects out instead.  Neither is
 * called by surprise: finalizers run where the program calls gc_finalizers_run, or, with option
 * finalizers=thread, on a thread of the library's own.
 *
 * Order.  An object is finalised before what it points to, by a registered stack in it, too
 * (gc_stack_register), which stays valid until then: of a chain one object is finalised after each
 * collection.  Objects with finalizers that reach each
 * other in a circle, or themselves by way of others, have no such order, and are never
 * finalised, nor is what they reach; the log names one object of each circle, once, and those
 * that only such a circle leads to when that is no more.  GC_UNORDERED is for those.
 *
 * The object is alive while its finalizer runs, and so is all that it reaches.  If the finalizer
 * stores the object where it is reached it lives on, and has no finalizer any more until it gets
 * one.  gc_free takes the finalizer away without calling it, and the object from its guardians:
 * who frees by hand does what is to be done.  With gc_realloc they go along to the new address, as
 * does data that points into the object.
 *
 * A child of fork has the same finalizers, and the same objects ready to be finalised, as its
 * parent: what they do to the world outside, removing a file for example, is done twice unless
 * they see to it.  One that another thread is in at the moment of the fork is not called in the
 * child.
 *
 * All functions may be called by any thread, also by finalizers, but not in signal handlers nor
 * root callbacks. */
#ifndef GCALLOC_FINALIZER_H
#define GCALLOC_FINALIZER_H

#include <gcalloc/gcalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* It may allocate, free, take locks, set finalizers, leave by longjmp or end its thread. */
typedef void gc_finalizer(void *object, void *data);

/* What the functions below return where they fail; errno says why. */
#define GC_FINALIZER_ERROR ((gc_finalizer *)(uintptr_t)-1)

/* The object is finalised as soon as it is unreachable, whatever reaches it that is unreachable,
 * too; and what it reaches stays as it is until its finalizer has run. */
#define GC_UNORDERED 1u

/* Has `function(object, data)` called once `object`, the start of a living object, is
 * unreachable, in place of the finalizer that it had.  NULL: it has none any more.  What `data`
 * points to, if it is an object, counts as if the object pointed to it: it lives as long, and is
 * finalised later; if it leads back to the object, that is a circle.  (`data` may be the object
 * itself.)  A manual object lives until it is freed, and so is never finalised.
 * Returns the finalizer that it had, NULL if there was none; or GC_FINALIZER_ERROR with errno:
 * EINVAL (not the start of a living object, or an unknown flag), ENOMEM, EBUSY (in a root
 * callback). */
GC_PUBLIC gc_finalizer *gc_finalizer_set(void *object, gc_finalizer *function,
                                         void *data);
GC_PUBLIC gc_finalizer *gc_finalizer_set_with(void *object, gc_finalizer *function,
                                              void *data, unsigned flags);

/* The object's finalizer, NULL if there is none, and in *data, if `data` is not NULL, what it is
 * to be called with.  GC_FINALIZER_ERROR with errno: as above, but never ENOMEM. */
GC_PUBLIC gc_finalizer *gc_finalizer_get(const void *object, void **data);

/* Calls the finalizers that are ready, on this thread, until none is, and then destroys the counted
 * objects that wait for it.  Several threads may do so at a time.  A finalizer that calls it has the
 * others called inside of itself: where each does so, that takes some 4 KiB of the stack for each.
 * Returns how many it has called, and destroyed. */
GC_PUBLIC size_t gc_finalizers_run(void);

/* How many are ready, with the counted objects that wait to be destroyed (<gcalloc/counted.h>). */
GC_PUBLIC size_t gc_finalizers_ready(void);

/* Has `function(data)` called after each collection that has made finalizers ready or found
 * objects of guardians, to wake an event loop for example.  It is called on the thread that has
 * collected, possibly inside of an allocation, or on one of the library's; it should be short,
 * and has to return.  NULL: no function is called any more, but by a thread that is about to. */
GC_PUBLIC void gc_finalizers_notify(void (*function)(void *data), void *data);

/* An object of the heap, which is collected as any other, with what it guards. */
typedef struct gc_guardian gc_guardian;

/* NULL with ENOMEM or EBUSY (in a root callback). */
GC_PUBLIC gc_guardian *gc_guardian_new(void) __attribute__((warn_unused_result));

/* Once `object`, the start of a living object, is unreachable but through guardians,
 * gc_guardian_get will return it.  What an object with a finalizer reaches, and that object,
 * wait for that to run; what it reaches itself is neither finalised nor destroyed before.  An object that is added several times, or to several guardians, is
 * returned as often.
 * Returns 0, or -1 with errno: EINVAL (one of them is not the start of a living object), ENOMEM,
 * EBUSY. */
GC_PUBLIC int gc_guardian_add(gc_guardian *guardian, void *object);

/* One of the objects that have become unreachable, in no certain order, which the guardian
 * guards no more; NULL: there is none now, or, with EINVAL, `guardian` is no object. */
GC_PUBLIC void *gc_guardian_get(gc_guardian *guardian);

#ifdef __cplusplus
}
#endif

#endif
