/* What becomes of an allocation for which there is no memory. */
#ifndef GCALLOC_MUTATOR_LAST_RESORT_H
#define GCALLOC_MUTATOR_LAST_RESORT_H

#include <stddef.h>

/* What the program's handler gives, or NULL with ENOMEM.  The program's code runs: no lock is held. */
void *last_resort_alloc(size_t size);

#endif
