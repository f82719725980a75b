/* gcalloc: reference counting beside tracing.
 *
 * A counted object is destroyed as soon as its count comes to 0: at once, in order, and in
 * constant depth of the stack, however long the list is that goes with it.  What counts cannot
 * free, circles and what was forgotten, the collector finds: their destroy functions are called
 * by gc_finalizers_run, or by option finalizers=thread (<gcalloc/finalizer.h>).
 *
 * Pointers to a counted object keep it like any other, counted or not: so a plain pointer never
 * dangles until the count comes to 0, and a count that is too high costs nothing but time.  One
 * that is too low is an error of the program's; option verify finds it.
 *
 * An object with a finalizer is finalised before the counted objects that it leads to are
 * destroyed, and a counted object that a collection finds is destroyed before what it leads to is
 * finalised.  A circle of both kinds is like one of objects with finalizers: it stays, unless they
 * are GC_UNORDERED.  A counted object has no finalizer, and no guardian: gc_finalizer_set and
 * gc_guardian_add say EINVAL, as `destroy` is what is to happen at its end.
 *
 * Weak references and links, long ones too, ephemerons and weak maps (<gcalloc/weak.h>,
 * <gcalloc/weakmap.h>) forget a counted object before `destroy` is called: when its count comes to
 * 0, or in the collection that finds it.  What they keep, the value of an ephemeron for example, is
 * kept as by any pointer: they have no part in its count.  gc_weak_get does not retain what it
 * returns; where another thread may release the last reference meanwhile, gc_weak_retain does.
 *
 * In a child of fork counted objects are what they were in its parent.  One that another thread was
 * destroying at the moment of the fork is not destroyed in the child.
 *
 * Threads: counts change atomically, unless an object was made with GC_UNSHARED: then only one
 * thread at a time may use its count.  Not in signal handlers nor root callbacks. */
#ifndef GCALLOC_COUNTED_H
#define GCALLOC_COUNTED_H

#include <gcalloc/gcalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Releases what the object holds.  Whatever it does with counts is done before the next object
 * is destroyed, and not inside of it.  It may call gc_finalizers_run: counted objects that wait for
 * that are destroyed after the one that is, and not counted in what it returns.  It returns: it must
 * not leave by longjmp nor end its thread. */
typedef void gc_destroy(void *object);

/* The object's count is used by one thread at a time: its changes are plain. */
#define GC_UNSHARED 0x100u

/* Not GC_NEW_OBJECT, which is like malloc: compilers would take it that nobody reads an object that
 * its maker has forgotten, and leave out what was stored there for `destroy`. */

/* A zeroed object of `size` bytes whose count is 1.  `destroy` is called with it once, when the
 * count comes to 0 or nothing reaches it any more; NULL: there is nothing to do then.  16 bytes
 * more are used.  It is neither freed nor resized but by its count.  gc_counted_new_with: flags
 * GC_ATOMIC (no pointers inside) and GC_UNSHARED.
 * NULL with errno: ENOMEM, EINVAL (an unknown flag), EBUSY (in a root callback). */
GC_PUBLIC void *gc_counted_new(size_t size, gc_destroy *destroy)
    __attribute__((warn_unused_result));
GC_PUBLIC void *gc_counted_new_with(size_t size, gc_destroy *destroy, unsigned flags)
    __attribute__((warn_unused_result));

/* Its count; 0: it is destroyed, or being destroyed, or `object` is no counted object. */
GC_PUBLIC size_t gc_counted_count(const void *object);

/* The object of a weak reference, with one reference more; NULL: its last reference was released,
 * it is gone, or `weak` is NULL.  Another thread may release references meanwhile.  NULL with
 * errno EINVAL: `weak` is no weak reference, or not one to a counted object; EBUSY (in a root
 * callback). */
struct gc_weak;
GC_PUBLIC void *gc_weak_retain(const struct gc_weak *weak)
    __attribute__((warn_unused_result));

/* ---- Not for programs: what lies in front of a counted object ---- */

struct gc_counted_head {
    uint64_t word; /* the count, in units of GC_COUNTED_ONE, and flags */
    gc_destroy *destroy;
};

enum { GC_COUNTED_IS_UNSHARED = 1, GC_COUNTED_ONE = 256 };

/* The count is 0 now, or less. */
GC_PUBLIC void gc_counted_end(void *object);

#ifdef __cplusplus
#define GC_COUNTED_CAST(type, value) static_cast<type>(value)
#else
#define GC_COUNTED_CAST(type, value) ((type)(value))
#endif

static inline struct gc_counted_head *gc_counted_head_of(void *object)
{
    return GC_COUNTED_CAST(struct gc_counted_head *, object) - 1;
}

/* ---- For programs ---- */

/* One reference more.  NULL is passed through.  Returns `object`. */
static inline void *gc_retain(void *object)
{
    if (object) {
        uint64_t *word = &gc_counted_head_of(object)->word;
        if (__atomic_load_n(word, __ATOMIC_RELAXED) & GC_COUNTED_IS_UNSHARED)
            *word += GC_COUNTED_ONE;
        else
            __atomic_fetch_add(word, GC_COUNTED_ONE, __ATOMIC_RELAXED);
    }
    return object;
}

/* One reference less; the last one destroys the object.  NULL is ignored.  One too many is
 * reported once in the log, and otherwise ignored. */
static inline void gc_release(void *object)
{
    if (!object)
        return;
    uint64_t *word = &gc_counted_head_of(object)->word, left;
    if (__atomic_load_n(word, __ATOMIC_RELAXED) & GC_COUNTED_IS_UNSHARED)
        left = *word -= GC_COUNTED_ONE;
    else
        left = __atomic_sub_fetch(word, GC_COUNTED_ONE, __ATOMIC_ACQ_REL);
    if (__builtin_expect(GC_COUNTED_CAST(int64_t, left) < GC_COUNTED_ONE, 0))
        gc_counted_end(object);
}

#ifdef __cplusplus
}
#endif

#endif
