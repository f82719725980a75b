/* gcalloc: weak hash maps, from objects to objects, whose entries go when their keys, their
 * values, or either of them have become unreachable.
 *
 * With GC_WEAK_KEYS an entry keeps its value as long as its key is reachable otherwise, and not
 * by way of the value alone: the value may lead to the key, and still both go (as with an
 * ephemeron of weak.h). With GC_WEAK_VALUES it is the other way round: it keeps its key as long
 * as its value is reachable. With both it keeps nothing.  With neither the map keeps all that is
 * in it. What does not lie in the heap (static data, numbers) is always there.
 *
 * A map is an object of the heap, and is collected as any other, with its entries.  It grows, and
 * shrinks when many have gone.  Entries of objects with finalizers go when the finalizer has run
 * and has left the object unreachable; those of counted objects (<gcalloc/counted.h>) when their
 * count has come to 0, or a collection has found them.  gc_free of a weak key or value removes its
 * entries at once; with gc_realloc they follow to the new address.  A child of fork has the same
 * maps.
 *
 * Keys are told apart by their address, or by functions of the caller's: then a map with weak
 * keys can be a table of strings that exist once only (gc_weakmap_intern).
 *
 * All functions may be called by any thread, also at a time on one map, but not in signal
 * handlers nor root callbacks. */
#ifndef GCALLOC_WEAKMAP_H
#define GCALLOC_WEAKMAP_H

#include <gcalloc/gcalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of gc_weakmap_new. */
#define GC_WEAK_KEYS 1u   /* a key is not kept, and its value only as long as it lives */
#define GC_WEAK_VALUES 2u /* a value is not kept, and its key only as long as it lives */

typedef struct gc_weakmap gc_weakmap;

/* Functions of the caller's for keys.  Equal keys have equal hashes, which do not change while
 * the keys are in a map. They are called with no lock held, and may allocate, collect, and use
 * this map, too; they return. */
typedef uint64_t gc_weakmap_hash(const void *key, void *data);
typedef int gc_weakmap_equal(const void *a, const void *b,
                             void *data); /* not 0: they are */

/* A map without entries.  `hash` and `equal` are both NULL, for keys by address, or neither;
 * `data` is what they are called with: if it points to an object, that is kept as long as the
 * map. NULL with errno: EINVAL (an unknown flag, or only one of the functions), ENOMEM, EBUSY (in
 * a root callback). */
GC_PUBLIC gc_weakmap *gc_weakmap_new(unsigned flags, gc_weakmap_hash *hash,
                                     gc_weakmap_equal *equal, void *data)
    __attribute__((warn_unused_result));

/* The value of the key; NULL: there is none.  NULL with EINVAL: `map` is no map, or `key` NULL. */
GC_PUBLIC void *gc_weakmap_get(gc_weakmap *map, const void *key);

/* The key has this value from now on, in place of the one that it had; an equal key that is there
 * already stays.  Weak keys and values are the start of a living object, or lie outside of the
 * heap. Returns 0, or -1 with errno: EINVAL (`map` is no map, `key` is NULL, or a weak one is
 * inside of an object), ENOMEM, EBUSY. */
GC_PUBLIC int gc_weakmap_put(gc_weakmap *map, void *key, void *value);

/* The value of the key if there is one, in *value; else the key has the value that is there.
 * Nothing comes in between.  Returns 1 (there was one), 0 (there was none), or -1 with errno as
 * above. */
GC_PUBLIC int gc_weakmap_get_or_put(gc_weakmap *map, void *key, void **value);

/* The key of the map that is equal to `key`: one that is there already, or `key` itself, which is
 * added with the value NULL.  In a map without GC_WEAK_KEYS it then stays until it is removed.  NULL
 * with errno as above. */
GC_PUBLIC void *gc_weakmap_intern(gc_weakmap *map, void *key);

/* Removes the key.  Returns 0, or -1 with errno: ENOENT (it is not there), EINVAL, EBUSY. */
GC_PUBLIC int gc_weakmap_remove(gc_weakmap *map, const void *key);

/* How many entries there are, those among them that the next collection will remove.  0 with
 * EINVAL: `map` is no map. */
GC_PUBLIC size_t gc_weakmap_count(gc_weakmap *map);

/* Goes through the entries in the order in which they came: *cursor is 0 at the beginning, and
 * what the last call made it afterwards.  Whatever happens to the map meanwhile, by other
 * threads, by collections, or in the loop itself: no entry is given twice, and each that was
 * there all the time is given. `key` and `value` may be NULL.  Returns 1, or 0 at the end, or
 * with EINVAL: `map` is no map, or `cursor` is NULL. */
GC_PUBLIC int gc_weakmap_next(gc_weakmap *map, uint64_t *cursor, void **key,
                              void **value);

#ifdef __cplusplus
}
#endif

#endif
