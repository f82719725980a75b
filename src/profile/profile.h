/* What option profile records of the process heap. */
#ifndef GCALLOC_PROFILE_PROFILE_H
#define GCALLOC_PROFILE_PROFILE_H

#include "heap/types.h"

/* The process heap has been made, and no thread has a cache yet. */
void profile_begin(struct heap *h);

/* The program ends: the recording is complete. */
void profile_end(void);

#endif
