/* The process's memory mappings, as the kernel lists them in /proc/self/maps. */
#ifndef GCALLOC_BASE_MAPS_H
#define GCALLOC_BASE_MAPS_H

#include <stdbool.h>
#include <stdint.h>

struct mapping {
    uintptr_t low, high;
    bool readable;
};

/* The mapping around an address.  false: there is none, or the list cannot be read. */
bool maps_find(uintptr_t address, struct mapping *found);

#endif
