/* gcalloc: what is in the heap: every object, and how many there are of each type.
 *
 * For debuggers, profilers and tests of a language's own run-time system; a report of leaks is
 * gc_leak_check's.
 *
 * All functions may be called by any thread, but not in signal handlers, root callbacks nor
 * trace functions. */
#ifndef GCALLOC_WALK_H
#define GCALLOC_WALK_H

#include <gcalloc/layout.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An object as a walk finds it. */
struct gc_walk_object {
    void *address;
    size_t size; /* bytes of it that may be used */
    size_t
        requested; /* what was asked for, where that is recorded (option stacks); else `size` */
    unsigned flags;          /* GC_ATOMIC (no pointers inside), GC_MANUAL, or both */
    gc_layout layout;        /* of which it is; 0: none */
    const char *name;        /* of the layout or slab; NULL: none */
    const uintptr_t *frames; /* the stack that allocated it, where that is recorded */
    size_t frame_count;      /* 0: it is not known */
};

/* Calls `visit` for every living object, in order of address, outside of all locks of the
 * library: it may do what it likes, allocate for example or end the thread, but not leave by
 * longjmp.  An object is living if it has been neither freed nor reclaimed; whether something
 * reaches it is not asked, so call gc_collect before if that matters.
 *
 * Collections of themselves wait until the walk has ended.  Other threads go on: what they
 * allocate or free meanwhile may be visited or not, and what was freed since the walk came by is
 * not to be used.  Where that is not enough, let them wait.
 * Returns 0, or -1 with errno: EINVAL (`visit` is NULL), ENOMEM, EBUSY (in a root callback). */
GC_PUBLIC int gc_heap_walk(void (*visit)(const struct gc_walk_object *object, void *data),
                           void *data);

/* The address is memory of the heap, whether in a living object (for that there is gc_base) or
 * not. */
GC_PUBLIC bool gc_is_managed(const void *address);

/* How many objects there are of a type. */
struct gc_type_count {
    gc_layout layout; /* 0: all objects without a layout */
    const char *name; /* of the layout or slab; NULL: none */
    size_t objects;
    size_t bytes; /* of their slots */
};

/* Calls `visit` for each layout that has living objects, and first, if there are any, for all
 * objects without a layout, as gc_heap_walk does and with the same errors.  In a program that
 * stands still meanwhile the numbers are exact. */
GC_PUBLIC int gc_stats_types(void (*visit)(const struct gc_type_count *count, void *data),
                             void *data);

#ifdef __cplusplus
}
#endif

#endif
