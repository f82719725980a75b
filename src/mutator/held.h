/* The quarantine alone: slots that threads have freed and nobody gets before a pause has found nothing that
 * points to them.  It has no part in the fast paths: what a thread frees goes to magazines from which nobody
 * allocates (heap/sample.h has the same), and from a full one to here.  Objects have no sites, and nothing is
 * reported.  Slots are RESERVED here, and count as reserved_apart of the heap. */
#ifndef GCALLOC_MUTATOR_HELD_H
#define GCALLOC_MUTATOR_HELD_H

#include "heap/types.h"

/* The heap has just been made, and has no observers. */
void held_begin(struct heap *h);

/* Looks, if it is time, which of them something points to, and lets the others go.  By a thread that has a cache, in
 * no critical section. */
void held_poll(struct heap *h);

/* Looks now, and lets go what nothing points to; if another thread is about to, it is waited for.  By a thread that
 * has a cache, in no critical section. */
void held_empty(struct heap *h);

/* The bytes of what is held, but for what threads have at hand. */
size_t held_bytes(void);

#endif
