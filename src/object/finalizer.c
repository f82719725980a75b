/* Finalizers: setting them.  They run in ready.c; when an object is unreachable is found
 * out by the phases (unreachable.c), in whose order it stands here, with guardians. */
#include <config.h>
#include <errno.h>
#include <gcalloc/finalizer.h>

#include "collect/cycle.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "object/capability.h"
#include "object/hook.h"
#include "object/ready.h"
#include "object/watch.h"

/* ---- The capability --------------------------------------------------------------------------- */

static void freed(const struct cell *o)
{
    watch_forget(o->address);
}

/* Where the program's handler for the end of memory gave it, nothing is watched. */
static void moved(const struct cell *from, uintptr_t to)
{
    struct cell o;
    if (!object_at((void *)to, &o))
        return;
    if (watch_knows(from->address) || watch_is_guardian(to)) {
        capability_note((void *)to, &o);
        watch_move(from, to);
    }
}

static void check(struct cycle *c)
{
    (void)c;
    if (GC_CHECKING)
        watch_check();
}

static struct phase phases[] PRIVATE_DATA = {
    {.rank = PHASE_ROOTS, .run = watch_mark_ready},
    {.rank = PHASE_FINALIZERS, .run = watch_find_candidates},
    {.rank = PHASE_FINALIZED, .run = watch_take_unreachable},
    {.rank = PHASE_WEAK_LONG, .run = watch_drop_guardians},
    {.rank = PHASE_CHECK, .run = check},
};

struct capability watching PRIVATE_DATA = {
    .phases = phases,
    .phase_count = sizeof phases / sizeof phases[0],
    .freed = freed,
    .moved = moved,
    .verify = {.reach = watch_verify},
    .pairs = &watch_pairs,
    .at_exit = ready_run_all,
};

/* ---- Setting ---------------------------------------------------------------------------------- */

/* The object has this finalizer now, or none if w->function is NULL.  Returns whether it had
 * *old. */
static bool set(const struct watch *w, struct watch *old, int *error)
{
    watch_lock();
    uint32_t number = watch_find(w->object);
    bool had = number;
    if (had)
        *old = *watch_at(number);
    if (had && w->function) {
        watch_replace(number, w);
    } else if (had) {
        watch_remove(number);
    } else if (w->function && !watch_add(w)) {
        *error = ENOMEM;
    }
    watch_unlock();
    return had;
}

static unsigned flags_of(const struct cell *o, const void *data, unsigned flags)
{
    unsigned all = flags & GC_UNORDERED ? WATCH_UNORDERED : 0;
    struct cell d;
    if (object_around(data, &d) && d.address != o->address)
        all |= WATCH_DATA;
    return all;
}

static gc_finalizer *finish(int error, gc_finalizer *function)
{
    mutator_leave();
    return error ? errno = error, GC_FINALIZER_ERROR : function;
}

gc_finalizer *gc_finalizer_set_with(void *object, gc_finalizer *function, void *data,
                                    unsigned flags)
{
    struct watch old, w = {.function = function, .data = (uintptr_t)data};
    struct cell o;
    int error = 0;
    if (!mutator_enter())
        return GC_FINALIZER_ERROR;
    if ((flags & ~GC_UNORDERED) || !object_at(object, &o))
        return finish(EINVAL, NULL);
    capability_begin(&watching);
    hook_begin();
    if (function)
        capability_note(object, &o);
    w.object = o.address;
    w.flags = flags_of(&o, data, flags);
    bool had = set(&w, &old, &error);
    return finish(error, had ? old.function : NULL);
}

gc_finalizer *gc_finalizer_set(void *object, gc_finalizer *function, void *data)
{
    return gc_finalizer_set_with(object, function, data, 0);
}

gc_finalizer *gc_finalizer_get(const void *object, void **data)
{
    struct cell o;
    struct watch w = {0};
    if (!mutator_enter())
        return GC_FINALIZER_ERROR;
    if (!object_at(object, &o))
        return finish(EINVAL, NULL);
    watch_lock();
    uint32_t number = watch_find(o.address);
    if (number)
        w = *watch_at(number);
    watch_unlock();
    if (data)
        *data = (void *)w.data;
    return finish(0, w.function);
}
