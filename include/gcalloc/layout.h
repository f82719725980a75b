/* gcalloc: layouts, which say where the pointers of objects are.
 *
 * The collector takes every aligned word of an object for a pointer if it looks like one.  Of an
 * object with a layout it looks only at the words that the layout names: the others, numbers
 * that happen to look like addresses for example, keep nothing alive, and are not read.  An
 * array has a header and elements of another layout; and where the words to look at are not
 * known before, because only a part of an object is in use or because pointers are tagged, a
 * function of the program names them.
 *
 * Objects with a layout are collected, freed and finalised as others are.  gc_usable_size,
 * gc_base and weak references know no difference.  They are counted by layout
 * (<gcalloc/walk.h>).
 *
 * All functions but gc_trace_word and gc_trace_range may be called by any thread at any time,
 * but not in root callbacks nor trace functions; gc_alloc_layout and gc_alloc_layout_sized also
 * in signal handlers that were set by sigaction or signal. */
#ifndef GCALLOC_LAYOUT_H
#define GCALLOC_LAYOUT_H

#include <gcalloc/gcalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A layout is a number, the same for all threads and in children of fork; 0 is none.  Layouts
 * are never given back: make one for each type of the program, not for each object. */
typedef uint32_t gc_layout;

/* ---- Layouts --------------------------------------------------------------------------------- */

/* Objects of `size` bytes, 1 to 1 GiB, of which the words at these `count` byte offsets may be
 * pointers: multiples of 8, in any order.
 * Returns 0 with errno: EINVAL (the size, `offsets` is NULL, or an offset that is no multiple of 8
 * or whose word does not lie in the object), ENOMEM, ENOSPC (there are too many layouts: 65535, fewer where
 * the heap has little address space), EBUSY (in a root callback). */
GC_PUBLIC gc_layout gc_layout_new(size_t size, const size_t *offsets, size_t count);

/* As gc_layout_new; word k of the object may be a pointer if bit k % 64 of bits[k / 64] is set,
 * for each k below size / 8. */
GC_PUBLIC gc_layout gc_layout_new_bitmap(size_t size, const uint64_t *bits);

/* Objects of any size: `header` bytes without pointers, a multiple of 8 and 1 GiB at most, then
 * elements to the end of the object.  `element` is a layout by gc_layout_new or
 * gc_layout_new_bitmap whose size is a multiple of 8.  Bytes of the object behind the last that
 * was asked for are zero.
 * Returns 0 with errno as gc_layout_new; EINVAL also for `element`. */
GC_PUBLIC gc_layout gc_layout_new_array(size_t header, gc_layout element);

/* Names the words of an object that may be pointers, by gc_trace_word and gc_trace_range.
 * `size` is how many bytes of the object may be used.
 *
 * It is called while the program is stopped, on any thread and a small stack, by several threads
 * at a time, for one object perhaps more than once.  It may call nothing but those two
 * functions, take no lock, and change nothing.  The object may be seen as any thread left it:
 * zeroed and not filled in yet, or in the middle of a change. */
typedef void gc_trace(void *object, size_t size, void *data);

/* Objects of `size` bytes, 1 to 1 GiB, or, by gc_alloc_layout_sized, of any size, of which
 * `trace` names the pointers.  `data` is passed to it; it is not looked at, and keeps nothing
 * alive.
 * Returns 0 with errno as gc_layout_new; EINVAL also if `trace` is NULL. */
GC_PUBLIC gc_layout gc_layout_new_traced(size_t size, gc_trace *trace, void *data);

/* In reports the layout has this name, of which 63 bytes count.  Again: another one.
 * Returns 0, or -1 with errno: EINVAL (no layout, or `name` is NULL), ENOMEM, EBUSY. */
GC_PUBLIC int gc_layout_name(gc_layout layout, const char *name);

/* ---- Objects --------------------------------------------------------------------------------- */

/* A new object of the layout, all zero.  gc_realloc refuses to change its size, but for those of
 * gc_layout_new_traced.
 * NULL with errno: ENOMEM, EINVAL (no layout, or that of an array, which has no size). */
GC_PUBLIC void *gc_alloc_layout(gc_layout layout) GC_NEW_OBJECT;

/* A new object of `size` bytes of an array's layout, header included, or of a traced one, all zero.
 * gc_realloc keeps its layout, and sets to zero what is new.
 * NULL with errno: ENOMEM, EINVAL (no such layout), ENOSPC (there are too many layouts). */
GC_PUBLIC void *gc_alloc_layout_sized(gc_layout layout, size_t size) GC_NEW_OBJECT
    __attribute__((alloc_size(2)));

/* ---- In a trace function only.  Elsewhere they do nothing. ------------------------------------- */

/* The word may be a pointer, to the start of an object or into it. */
GC_PUBLIC void gc_trace_word(uintptr_t word);

/* Every aligned word in [low, high), in this object or elsewhere, may be one.  The memory can be
 * read until the program goes on. */
GC_PUBLIC void gc_trace_range(const void *low, const void *high);

#ifdef __cplusplus
}
#endif

#endif
