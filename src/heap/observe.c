/* The observers of a heap, told one after the other. */
#include "heap/observe.h"

#include "base/check.h"
#include "base/options.h"

/* for (OBSERVERS(h, o)) visits each observer of the heap. */
#define OBSERVERS(h, o)                               \
    const struct observer *const *o = (h)->observers; \
    *o;                                               \
    o++

void observe(struct heap *h, const struct observer *observer)
{
    unsigned count = 0;
    while (h->observers[count])
        count++;
    CHECK(count < OBSERVERS_MOST);
    h->observers[count] = observer;
    h->told = true;
    h->spare = max_size(h->spare, observer->spare);
}

/* Leaks are told by their stacks, whole. */
uint32_t observe_call(struct call call)
{
    return options.stacks == STACKS_SOME && !options.leaks
               ? capture_some(call, OPTION_NOW(depth))
               : capture_call(call, OPTION_NOW(depth));
}

uint32_t observe_stack(const struct heap *h, struct call call)
{
    bool wanted = false;
    for (OBSERVERS(h, o))
        wanted |= (*o)->wants_stacks;
    return wanted ? observe_call(call) : 0;
}

void observe_allocated(struct heap *h, const struct cell *c, size_t requested,
                       uint32_t stack)
{
    for (OBSERVERS(h, o))
        if ((*o)->allocated)
            (*o)->allocated(h, c, requested, stack);
}

void observe_resizing(struct heap *h, const struct cell *c, struct call call)
{
    for (OBSERVERS(h, o))
        if ((*o)->resizing)
            (*o)->resizing(h, c, call);
}

void observe_resized(struct heap *h, const struct cell *c, size_t requested)
{
    for (OBSERVERS(h, o))
        if ((*o)->resized)
            (*o)->resized(h, c, requested);
}

void observe_freed(struct heap *h, const struct cell *c, struct call call)
{
    for (OBSERVERS(h, o))
        if ((*o)->freed)
            (*o)->freed(h, c, call);
}

bool observe_keeps(struct heap *h, const struct cell *c)
{
    for (OBSERVERS(h, o))
        if ((*o)->keeps && (*o)->keeps(h, c))
            return true;
    return false;
}

static void each_dead(struct heap *h, uint32_t head,
                      void (*found_dead)(struct heap *h, const struct cell *o))
{
    uint32_t count = geometries[word_class(h->words[head])].count;
    for (uint32_t i = 0; i < count; i++) {
        struct cell c = block_cell(h, head, i);
        if (*c.state >= STATE_NEW && *c.state != h->numbers->mark)
            found_dead(h, &c);
    }
}

void observe_dead(struct heap *h, uint32_t head)
{
    for (OBSERVERS(h, o))
        if ((*o)->found_dead)
            each_dead(h, head, (*o)->found_dead);
}
