#include "mutator/site.h"

#include "base/options.h"
#include "heap/heap.h"
#include "mutator/object.h"
#include "trace/capture.h"
#include "trace/depot.h"

static struct site *site_of(const struct object *o)
{
    const struct heap *h = &process_heap;
    return h->sites + (lookup_state(h, o->address) - h->states);
}

/* The stack of the program's call. */
NOINLINE static uint32_t this_stack(void)
{
    uintptr_t frames[CAPTURE_DEPTH_MAX];
    return depot_put(frames, capture_stack(frames, options.depth));
}

void site_allocated(const void *object, size_t requested)
{
    struct object o;
    if (!process_heap.sites || !object_at(object, &o))
        return;
    *site_of(&o) = (struct site){this_stack(), (uint32_t)(o.size - requested)};
}

void site_resized(const struct object *o, size_t requested)
{
    if (process_heap.sites)
        site_of(o)->note = (uint32_t)(o->size - requested);
}

void site_freed(const struct object *o)
{
    if (process_heap.sites)
        site_of(o)->note = SITE_FREED | this_stack();
}

size_t site_requested(const struct object *o)
{
    return process_heap.sites ? o->size - site_of(o)->note : object_usable(o);
}

uint32_t site_stack(const struct object *o)
{
    return process_heap.sites ? site_of(o)->stack : 0;
}

const struct site *site_at(const struct heap *h, const uint8_t *state)
{
    return h->sites ? h->sites + (state - h->states) : NULL;
}
