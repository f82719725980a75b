/* What option profile records of the process heap: each object, or samples. */
#ifndef GCALLOC_PROFILE_PROFILE_H
#define GCALLOC_PROFILE_PROFILE_H

#include <stdbool.h>

#include "heap/lookup.h"
#include "trace/capture.h"

/* Whether the heap is to have a table of sites: where each object is recorded, nothing else knows the stacks of those
 * that live. */
bool profile_needs_sites(void);

/* The process heap has been made, and no thread has a cache yet; other observers have been added. */
void profile_begin(struct heap *h);

/* A sample (heap/sample.h) was allocated by this call.  Not in a critical section. */
void profile_sample(const struct cell *o, size_t requested, struct call call);

/* The program is about to free the object, which may be a sample; has resized it. */
void profile_freed(const struct cell *o);
void profile_resized(uintptr_t address, size_t requested);

/* The program has come to its end: of what is done from here on no time is told.  false: nothing is recorded. */
bool profile_at_end(void);

/* The call stack of a sample, in the depot; 0: it is none.  In a pause. */
uint32_t profile_stack(uintptr_t address);

/* In a recording of samples: has a collection find those that nothing reaches, and records that.  There is a heap, and the
 * lock of reports is held.  false: each object is recorded. */
bool profile_tell_lost(void);

/* The program ends: the recording is complete. */
void profile_end(void);

#endif
