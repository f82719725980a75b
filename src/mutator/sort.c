/* qsort and qsort_r, in front of the C library's, which moves elements by way of a buffer that it has
 * of its malloc, or byte by byte: for a moment an element is nowhere where it counts.  While it sorts,
 * a copy of what the array held, on which it does not work, keeps all that the elements point to.  The
 * file is not in the static library, as the C library's functions have no second name there. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/critical.h"
#include "heap/heap.h"
#include "world/next.h"
#include "world/self.h"
#include "world/systemstack.h"

#ifdef PIC /* libtool's: not for the static library */

/* Smaller arrays, in bytes, the C library sorts on the stack, which counts. */
enum { ON_STACK = 1024 };

struct kept {
    void *copy;
    bool disabled; /* there was no memory for a copy: nothing is collected meanwhile */
};

/* Whether the program sorts, where it may allocate, on a thread whose stack counts.  Else it is the library, or what
 * reads debug information for it: a copy might get the place of the freed object that a report is about.  Or
 * it is a root callback; or the thread is between gc_blocking_begin and gc_blocking_end, and touches no objects; or its
 * exit hook has run. */
static bool may_allocate(void)
{
    if (thread_inside > 0 || thread_shut > 0 || critical.depth > 0)
        return false;
    if (!thread_self)
        return !thread_past_end;
    return !thread_self->blocking && !thread_self->temporary &&
           !systemstack_holds(thread_self, (uintptr_t)__builtin_frame_address(0));
}

/* Whether the array may hold pointers that are lost otherwise. */
static bool may_lose(size_t count, size_t size)
{
    size_t bytes;
    return size >= sizeof(void *) && !__builtin_mul_overflow(count, size, &bytes) &&
           bytes >= ON_STACK && RACING(process_heap.numbers->managed) && may_allocate();
}

static struct kept keep(const void *array, size_t count, size_t size)
{
    struct kept k = {NULL, false};
    int saved_errno = errno;
    if (!may_lose(count, size))
        return k;
    k.copy = gc_alloc(count * size);
    if (k.copy) {
        memcpy(k.copy, array, count * size);
        gc_write(k.copy); /* the program tells of its own stores only */
    } else {
        gc_disable();
        k.disabled = true;
    }
    errno = saved_errno;
    return k;
}

static void let_go(struct kept k)
{
    gc_free(k.copy);
    if (k.disabled)
        gc_enable();
}

EXPORTED void qsort(void *array, size_t count, size_t size,
                    int (*compare)(const void *, const void *))
{
    struct kept k = keep(array, count, size);
    NEXT(qsort, NO_FALLBACK(qsort))(array, count, size, compare);
    let_go(k);
}

EXPORTED void qsort_r(void *array, size_t count, size_t size,
                      int (*compare)(const void *, const void *, void *), void *argument)
{
    struct kept k = keep(array, count, size);
    NEXT(qsort_r, NO_FALLBACK(qsort_r))(array, count, size, compare, argument);
    let_go(k);
}

#endif
