/* Has everything recorded that happens to objects, as an observer of the heap. */
#include "profile/profile.h"

#include "base/options.h"
#include "heap/observe.h"
#include "heap/heap.h"
#include "profile/record.h"

static void allocated(struct heap *h, const struct cell *o, size_t requested,
                      uint32_t stack)
{
    (void)h;
    record_allocated(o->address, requested, o->size - requested, stack);
}

static void resized(struct heap *h, const struct cell *o, size_t requested)
{
    (void)h;
    record_resized(o->address, requested, o->size - requested);
}

static void freed(struct heap *h, const struct cell *o, struct call call)
{
    (void)h, (void)call;
    record_gone(RECORDING_FREED, o->address);
}

static void found_dead(struct heap *h, const struct cell *o)
{
    (void)h;
    record_gone(RECORDING_DEAD, o->address);
}

static const struct observer recorder = {
    .allocated = allocated,
    .resized = resized,
    .freed = freed,
    .found_dead = found_dead,
    .wants_stacks = true,
};

void profile_begin(struct heap *h)
{
    if (options.profile.text[0] && record_open())
        observe(h, &recorder);
}

void profile_end(void)
{
    record_close();
}
