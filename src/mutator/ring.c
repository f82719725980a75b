/* Rings that double where they are full. */
#include "mutator/ring.h"

#include "base/bits.h"
#include "base/meta.h"

enum { ENTRIES_LEAST = 4096 };

bool ring_make_room(struct ring *r, size_t more)
{
    size_t capacity = max_size(r->capacity, ENTRIES_LEAST);
    if (r->count + more <= r->capacity)
        return true;
    while (capacity < r->count + more)
        capacity *= 2;
    uintptr_t *addresses = meta_alloc(ACCOUNT_OTHER, capacity * sizeof *addresses);
    if (!addresses)
        return false;
    for (size_t i = 0; i < r->count; i++)
        addresses[i] = *ring_entry(r, i);
    meta_free(r->addresses, r->capacity * sizeof *addresses);
    *r = (struct ring){addresses, capacity, 0, r->count};
    return true;
}

size_t ring_share(const struct heap *h, size_t shares, size_t parts, size_t least)
{
    size_t used = __atomic_load_n(&h->numbers->used_bytes, __ATOMIC_RELAXED);
    return max_size(used / parts * shares, least);
}
