/* gcalloc: weak references, which tell where an object is and do not keep it, and ephemerons,
 * which keep a value as long as a key is alive.
 *
 * A weak reference (gc_weak) is an object of the heap that leads to another one until that has
 * become unreachable.  A weak link (gc_weak_link_add) is any word of the program's, of which the
 * collector does not take notice otherwise, with the same property.  An ephemeron (gc_ephemeron)
 * has a key and a value: the value is alive while both the ephemeron and the key are reachable,
 * and not by way of the value alone. So what the value reaches may be the key itself, and still
 * both go when nothing else leads to the key.
 *
 * When.  A reference is cleared in the collection that finds its object unreachable, before any
 * thread goes on.  It is cleared by then if the object has a finalizer, so that nobody comes upon
 * the object while it is finalised; with GC_WEAK_LONG it is cleared only in a later collection,
 * when the finalizer has run and has left it unreachable.  Ephemerons are cleared as with
 * GC_WEAK_LONG.
 *
 * Counted objects (<gcalloc/counted.h>) are what all of these may lead to, and keys.  They are gone
 * when their count has come to 0, or a collection has found them.
 *
 * gc_free of the object clears its references at once, and those in an object that is freed are
 * forgotten.  gc_realloc lets them lead to the new address.  A child of fork has all of them.
 *
 * All functions may be called by any thread, but not in signal handlers nor in root callbacks,
 * unless they say otherwise. */
#ifndef GCALLOC_WEAK_H
#define GCALLOC_WEAK_H

#include <gcalloc/gcalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The reference is cleared after finalization. */
#define GC_WEAK_LONG 1u

/* ---- Weak references ------------------------------------------------------------ */

/* An object of the heap, of 16 bytes, which is collected as any other. */
typedef struct gc_weak gc_weak;

/* A weak reference to `object`, the start of a living object; `flags`: 0 or GC_WEAK_LONG. NULL
 * with errno: EINVAL (`object` is none, or an unknown flag), ENOMEM, EBUSY (in a root callback). */
GC_PUBLIC gc_weak *gc_weak_new(void *object) __attribute__((warn_unused_result));
GC_PUBLIC gc_weak *gc_weak_new_with(void *object, unsigned flags)
    __attribute__((warn_unused_result));

/* The object, which is alive as long as the caller has what is returned here; NULL: it is gone,
 * or `weak` is NULL. NULL with EINVAL: `weak` is no weak reference.  Signal handlers and root
 * callbacks may call it. */
GC_PUBLIC void *gc_weak_get(const gc_weak *weak);

/* ---- Weak links ----------------------------------------------------------------- */

/* Has the word *link set to NULL once `object`, the start of a living object, is unreachable.
 * What is stored in *link is the program's affair: usually the object's address, or one inside of
 * it.
 *
 * The word is to lie where the collector does not look for pointers, or it keeps the object: in
 * memory of malloc, in an atomic object.  Static data, stacks, registered roots and scanned
 * objects are no places for it. It has to be there until it is cleared or gc_weak_link_remove is
 * called, unless it lies in an object of the heap: with that it is forgotten.  A link that is
 * there already is replaced: then the new address is to be stored after the call, as until then
 * the collector may clear the word for the old object.
 *
 * `flags`: 0 or GC_WEAK_LONG.  Another thread that reads the word has the object in a register,
 * or reads NULL: nothing comes in between.  With gc_realloc of the object an address in *link
 * that points into it is changed likewise; with gc_realloc of the object that *link lies in the
 * link moves along, and is forgotten if it lies behind the new end. Returns 0, or -1 with errno: EINVAL (`link` is NULL or not aligned as a
 * pointer is, `object` is not the start of a living object, or an unknown flag), ENOMEM, EBUSY
 * (in a root callback). */
GC_PUBLIC int gc_weak_link_add(void **link, void *object, unsigned flags);

/* The link is forgotten; *link stays as it is.  Returns 0, or -1 with errno: ENOENT (there is
 * none, for example as it was cleared), EBUSY. */
GC_PUBLIC int gc_weak_link_remove(void **link);

/* ---- Ephemerons ----------------------------------------------------------------- */

/* An object of the heap, of 16 bytes, which is collected as any other. */
typedef struct gc_ephemeron gc_ephemeron;

/* An ephemeron of `key`, the start of a living object, and `value`, any word: if it points to an
 * object, or into one, that is kept.  NULL with errno: EINVAL (`key` is no such object), ENOMEM,
 * EBUSY (in a root callback). */
GC_PUBLIC gc_ephemeron *gc_ephemeron_new(void *key, void *value)
    __attribute__((warn_unused_result));

/* Its key and its value; NULL once the key is gone.  `ephemeron` is what gc_ephemeron_new
 * returned, or NULL, which has neither.  Signal handlers and root callbacks may call them. */
GC_PUBLIC void *gc_ephemeron_key(const gc_ephemeron *ephemeron);
GC_PUBLIC void *gc_ephemeron_value(const gc_ephemeron *ephemeron);

/* Gives it another value.  Returns 0, or -1 with errno: EINVAL (it is no ephemeron), ENOENT (its
 * key is gone), EBUSY (in a root callback). */
GC_PUBLIC int gc_ephemeron_set_value(gc_ephemeron *ephemeron, void *value);

#ifdef __cplusplus
}
#endif

#endif
