/* Guardians: an object of the heap that the program asks for what it guards.  Which objects are
 * unreachable is found out by the phases (unreachable.c). */
#include <errno.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/walk.h>

#include "mutator/init.h"
#include "mutator/object.h"
#include "object/capability.h"
#include "object/hook.h"
#include "object/watch.h"

gc_guardian *gc_guardian_new(void)
{
    gc_guardian *g = gc_alloc_atomic(sizeof *g);
    struct cell o;
    if (!g)
        return NULL;
    if (!gc_is_managed(g)) /* memory of the program's handler for the end of memory */
        return errno = ENOMEM, NULL;
    g->magic = GUARDIAN_MAGIC;
    if (!mutator_enter())
        return NULL;
    capability_begin(&watching);
    hook_begin();
    capability_note(g, &o);
    mutator_leave();
    return g;
}

static bool is_guardian(const gc_guardian *g, struct cell *o)
{
    return object_at(g, o) && g->magic == GUARDIAN_MAGIC;
}

static int finish(int error)
{
    mutator_leave();
    return error ? errno = error, -1 : 0;
}

int gc_guardian_add(gc_guardian *guardian, void *object)
{
    struct cell g, o;
    if (!mutator_enter())
        return -1;
    if (!is_guardian(guardian, &g) || !capability_note(object, &o))
        return finish(EINVAL);
    watch_lock();
    bool added = watch_add(
        &(struct watch){.object = o.address, .flags = WATCH_GUARDED, .data = g.address});
    watch_unlock();
    return finish(added ? 0 : ENOMEM);
}

void *gc_guardian_get(gc_guardian *guardian)
{
    struct cell g;
    void *object = NULL;
    if (!mutator_enter())
        return NULL;
    if (!is_guardian(guardian, &g))
        return finish(EINVAL), NULL;
    watch_lock();
    uint32_t number = table_find(&watched.kept, 0, g.address);
    if (number) {
        object = (void *)((const struct kept *)table_at(&watched.kept, number))->object;
        table_remove(&watched.kept, number);
    }
    watch_unlock();
    mutator_leave();
    return object;
}
