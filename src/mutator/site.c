#include "mutator/site.h"

#include "base/options.h"
#include "heap/heap.h"
#include "mutator/object.h"

static struct site *site_of(const struct cell *o)
{
    const struct heap *h = &process_heap;
    return h->sites + (o->state - h->states);
}

uint32_t site_capture(struct call call)
{
    return process_heap.sites ? capture_call(call, OPTION_NOW(depth)) : 0;
}

void site_allocated(const uint8_t *state, size_t size, size_t requested, uint32_t stack)
{
    const struct heap *h = &process_heap;
    h->sites[state - h->states] = (struct site){stack, (uint32_t)(size - requested)};
}

void site_resized(const struct cell *o, size_t requested)
{
    if (process_heap.sites)
        site_of(o)->note = (uint32_t)(o->size - requested);
}

void site_freed(const uint8_t *state, struct call call)
{
    const struct heap *h = &process_heap;
    if (h->sites)
        h->sites[state - h->states].note =
            SITE_FREED | (options.stacks ? site_capture(call) : 0);
}

size_t site_requested(const struct cell *o)
{
    return process_heap.sites ? o->size - site_of(o)->note : object_usable(o);
}

uint32_t site_stack(const struct cell *o)
{
    return process_heap.sites ? site_of(o)->stack : 0;
}

const struct site *site_at(const struct heap *h, const uint8_t *state)
{
    return h->sites ? h->sites + (state - h->states) : NULL;
}
