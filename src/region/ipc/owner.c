/* Who owns a word of an object, beyond its death and that of its slot. */
#include "region/ipc/ipc.h"

static uint64_t owner_of(uint64_t number, uint64_t generation)
{
    return (generation << OWNER_NUMBER_BITS | number) & OWNER_BITS;
}

uint64_t owner_self(const struct region_use *u)
{
    return owner_of(u->number, u->slot->generation);
}

/* The slot was given back, by whoever ended, or buried it; or whoever has it has died. */
bool owner_is_dead(const gc_region *r, uint64_t owner)
{
    uint64_t number = owner & ((1u << OWNER_NUMBER_BITS) - 1);
    if (number == 0 || number > REGION_THREADS)
        return true;
    const struct region_thread *t = &r->threads[number - 1];
    uint64_t generation = __atomic_load_n(&t->generation, __ATOMIC_ACQUIRE);
    return owner_of(number, generation) != (owner & OWNER_BITS) ||
           region_thread_is_dead(t);
}
