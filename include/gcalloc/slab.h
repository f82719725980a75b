/* gcalloc: slabs, objects of one type that lie together and are counted by name.
 *
 * A slab has blocks of its own, which hold nothing else: so objects of the type lie close to
 * each other, and how many there are is known exactly.  They are collected as others are, once
 * nothing reaches them, and may be given back at once by gc_slab_free.  A slab may have a
 * constructor, and, with GC_SLAB_KEEP, objects keep their constructed state between two uses: a
 * type whose objects are costly to set up (locks, tables, buffers) pays that once for many uses.
 *
 * All functions may be called by any thread, but not in root callbacks nor trace functions, and
 * those for slabs with constructors not in signal handlers. */
#ifndef GCALLOC_SLAB_H
#define GCALLOC_SLAB_H

#include <gcalloc/layout.h>

#ifdef __cplusplus
/* A structure and a function have one name here, as in stat(2): C++ compilers can warn of that. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#endif

typedef struct gc_slab gc_slab;

/* Sets up a new object, which is all zero.  It may do whatever a program may, but not leave by
 * longjmp. */
typedef void gc_constructor(void *object);

/* Objects that gc_slab_free gets wait with their state, and gc_slab_alloc returns them without
 * constructing them again; what they point to stays alive meanwhile.  So many wait as take 64
 * KiB, 4 at least and 512 at most; the others go back to the heap.  What a collection reclaims
 * loses its state, too. */
#define GC_SLAB_KEEP 1u

/* A slab for objects of `size` bytes, 1 to 1 GiB.  `layout` says where their pointers are, and
 * has that size; 0: anywhere in them.  `constructor` may be NULL.  `flags`: 0, or GC_SLAB_KEEP,
 * which needs a constructor.  The name, of which 63 bytes count, is copied.
 * NULL with errno: EINVAL (one of these), ENOMEM, ENOSPC (each slab is a layout, of which there
 * are too many), EBUSY (in a root callback). */
GC_PUBLIC gc_slab *gc_slab_create(const char *name, size_t size, gc_layout layout,
                                  gc_constructor *constructor, unsigned flags)
    __attribute__((warn_unused_result));

/* An object of the slab: all zero where there is no constructor, else constructed, and, where
 * its state is kept, perhaps as it was given back.
 * NULL with errno: ENOMEM, EINVAL (no slab, or destroyed), EBUSY. */
GC_PUBLIC void *gc_slab_alloc(gc_slab *slab) GC_NEW_OBJECT;

/* Ends the object's life; where its state is kept, it is to be in a state that the next user can
 * go on with.  NULL is ignored.  What is no living object of this slab is reported in the log,
 * and otherwise ignored.  (gc_free serves too: the state is lost then.) */
GC_PUBLIC void gc_slab_free(gc_slab *slab, void *object);

/* No objects come from the slab any more, and those that wait are freed.  Others live as long as
 * they are reached, and are counted under its name; gc_slab_free of them still works.  Slabs, as
 * layouts, are never given back altogether: a few kilobytes stay.
 * Returns 0, or -1 with errno: EINVAL (no slab, or destroyed already), EBUSY. */
GC_PUBLIC int gc_slab_destroy(gc_slab *slab);

struct gc_slab_stats {
    const char *name;
    gc_layout layout;     /* its own */
    size_t size;          /* bytes of an object, as gc_slab_create was told */
    size_t objects;       /* living, waiting ones not among them */
    size_t bytes;         /* of their slots */
    size_t waiting;       /* constructed, and in nobody's use */
    uint64_t constructed; /* calls of the constructor */
};

/* Fills *stats in.  With threads at work the numbers are no more than roughly right.
 * Returns 0, or -1 with errno: EINVAL (no slab), ENOMEM, EBUSY. */
GC_PUBLIC int gc_slab_stats(gc_slab *slab, struct gc_slab_stats *stats);

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif

#endif
