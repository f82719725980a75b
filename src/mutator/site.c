/* Fills the heap's table of sites, as an observer of the heap, and reads it.  What a site
 * means in a report is not known here.  A site is of the last object in its slot, living
 * or freed. */
#include "mutator/site.h"

#include <gcalloc/gcalloc.h>

#include "base/options.h"
#include "heap/heap.h"
#include "heap/observe.h"
#include "mutator/fence.h"
#include "mutator/hooks.h"
#include "mutator/object.h"

static void allocated(struct heap *h, const struct cell *o, size_t requested,
                      uint32_t stack)
{
    uint32_t family = (uint32_t)call_family << SITE_FAMILY_SHIFT;
    *site_of(h, o) = (struct site){stack, family | (uint32_t)(o->size - requested)};
}

static void resized(struct heap *h, const struct cell *o, size_t requested)
{
    struct site *s = site_of(h, o);
    s->note = (s->note & SITE_FAMILY) | (uint32_t)(o->size - requested);
}

/* Whatever comes to lie in the slot next has no size yet.  Only the bytes behind it are asked for by then. */
static void found_dead(struct heap *h, const struct cell *o)
{
    site_of(h, o)->note |= SITE_UNCHECKED;
}

static void freed(struct heap *h, const struct cell *o, struct call call)
{
    uint32_t stack = options.stacks ? observe_call(call) : 0;
    site_of(h, o)->note = SITE_FREED | stack;
}

void site_begin(struct heap *h)
{
    static struct observer recorder PRIVATE_DATA = {
        .allocated = allocated,
        .resized = resized,
        .freed = freed,
    };
    if (!h->sites)
        return;
    recorder.wants_stacks = options.stacks || options.leaks;
    recorder.found_dead = h->spare ? found_dead : NULL;
    observe(h, &recorder);
}

size_t site_requested(const struct cell *o)
{
    const struct heap *h = &process_heap;
    return h->sites ? o->size - site_slack(site_of(h, o)) : object_usable(o);
}

void site_set_family(const void *object, unsigned family)
{
    struct cell o;
    if (!process_heap.sites || !object_at(object, &o))
        return;
    struct site *s = site_of(&process_heap, &o);
    s->note = (s->note & ~SITE_FAMILY) | family << SITE_FAMILY_SHIFT;
}

uint32_t site_stack(const struct cell *o)
{
    const struct heap *h = &process_heap;
    return h->sites ? site_of(h, o)->stack : 0;
}

/* Where there are spare bytes, whatever is written beyond the requested size is an overflow. */
size_t gc_usable_size(const void *object)
{
    struct cell o;
    if (!object_at(object, &o))
        return fence_size(object);
    return process_heap.spare ? site_requested(&o) : object_usable(&o);
}

const struct site *site_at(const struct heap *h, const uint8_t *state)
{
    return h->sites ? h->sites + (state - h->states) : NULL;
}
