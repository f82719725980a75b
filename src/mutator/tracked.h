/* Option track: memcheck, or AddressSanitizer in the program, is told of each object, so that it reports accesses
 * beyond its end and after its end of life as it does for the C library's malloc. */
#ifndef GCALLOC_MUTATOR_TRACKED_H
#define GCALLOC_MUTATOR_TRACKED_H

#include <stdbool.h>

#include "heap/types.h"

/* Whether the option asks for it and there is somebody to tell.  Then the heap needs a table of sites. */
bool tracked_is_wanted(void);

/* The heap has just been made.  The world lock is held. */
void tracked_begin(struct heap *h);

/* The program ends: what the collector would reclaim is no leak in memcheck's report. */
void tracked_at_exit(void);

#endif
