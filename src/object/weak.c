/* Weak references: atomic objects with a weak link inside.  All that is to be known of them when
 * objects go is known of links. */
#include <errno.h>
#include <gcalloc/weak.h>

#include "mutator/init.h"
#include "object/counted.h"
#include "object/link.h"

#define WEAK_MAGIC UINT64_C(0x7765616b2e726566)

struct gc_weak {
    void *object; /* the link */
    uint64_t magic;
};

gc_weak *gc_weak_new_with(void *object, unsigned flags)
{
    gc_weak *w = gc_alloc_atomic(sizeof *w);
    if (!w || !mutator_enter())
        return NULL;
    *w = (struct gc_weak){object, WEAK_MAGIC};
    int error = link_add(&w->object, object, flags);
    mutator_leave();
    if (error) {
        gc_free(w);
        errno = error;
        return NULL;
    }
    return w;
}

gc_weak *gc_weak_new(void *object)
{
    return gc_weak_new_with(object, 0);
}

/* A plain load.  Whenever the thread is stopped, it has not loaded the word yet, and then finds
 * NULL if it was cleared; or it has, and the object is reached from its registers, so that the
 * word was not cleared. It is a function, and not inlined, as marking beside the program would
 * have to be told here. */
void *gc_weak_get(const gc_weak *weak)
{
    if (!weak)
        return NULL;
    if (weak->magic != WEAK_MAGIC)
        return errno = EINVAL, NULL;
    return __atomic_load_n(&weak->object, __ATOMIC_RELAXED);
}

void *gc_weak_retain(const gc_weak *weak)
{
    if (!weak)
        return NULL;
    if (weak->magic != WEAK_MAGIC)
        return errno = EINVAL, NULL;
    if (!mutator_enter())
        return NULL;
    void *object = link_take(&weak->object, counted_retain);
    mutator_leave();
    return object;
}
