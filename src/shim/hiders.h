/* Libraries that keep pointers where they cannot be seen, as distances between objects: what they
 * allocate lives until they free it, also with option collect. */
#ifndef GCALLOC_SHIM_HIDERS_H
#define GCALLOC_SHIM_HIDERS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the address is in the code of such a library.  Takes no lock and no memory. */
bool hiders_have(uintptr_t address);

#endif
