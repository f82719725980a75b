/* The fit policies: five answers to the question which free units serve a request.  Each
 * keeps what it knows in the heap's fit_state, under the extent lock, and is called by
 * extent.c alone. */
#ifndef GCALLOC_HEAP_FIT_H
#define GCALLOC_HEAP_FIT_H

#include "heap/types.h"

SHARED_DATA const struct fit fit_best, fit_first, fit_next, fit_buddy, fit_adaptive;

#endif
