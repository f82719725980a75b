/* The process's memory mappings, as the kernel lists them in /proc/self/maps. */
#ifndef GCALLOC_BASE_MAPS_H
#define GCALLOC_BASE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
    uintptr_t low, high;
    bool readable;
};

/* How many bytes from `low` on can be read, at most up to `high`; all of them where the
 * kernel does not say.  Takes no lock. */
size_t maps_readable(uintptr_t low, uintptr_t high);

/* The mapping around an address.  false: there is none, or the list cannot be read. */
bool maps_find(uintptr_t address, struct mapping *found);

#endif
