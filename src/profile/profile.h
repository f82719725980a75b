/* What option profile records of the process heap: each object, or samples. */
#ifndef GCALLOC_PROFILE_PROFILE_H
#define GCALLOC_PROFILE_PROFILE_H

#include <stdbool.h>

#include "heap/lookup.h"
#include "trace/capture.h"

/* The process heap has been made, and no thread has a cache yet; other observers have been added. */
void profile_begin(struct heap *h);

/* A sample (heap/sample.h) was allocated by this call.  Not in a critical section. */
void profile_sample(const struct cell *o, size_t requested, struct call call);

/* The program is about to free the object, which may be a sample; has resized it. */
void profile_freed(const struct cell *o);
void profile_resized(uintptr_t address, size_t requested);

/* The program has come to its end.  Whether it is wanted what has leaked. */
bool profile_begin_leaks(void);

/* Nothing reaches the object, which may have been recorded; `owner` alone keeps it, or is the object. */
void profile_leaked(uintptr_t address, uintptr_t owner);

/* The program ends: the recording is complete. */
void profile_end(void);

#endif
