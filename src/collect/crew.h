/* The threads that help with marking: as many as there are processors beside the
 * collecting thread's, or as option `markers` says. */
#ifndef GCALLOC_COLLECT_CREW_H
#define GCALLOC_COLLECT_CREW_H

#include "collect/mark.h"

enum { CREW_MOST = 16 }; /* markers, the first included */

/* Makes the pool of the collecting thread's marker.  false with ENOMEM. */
bool crew_create(struct marker *first);

/* Before the world is stopped: starts the helpers that are missing, if the heap is worth
 * it. */
void crew_recruit(struct heap *h);

/* The world is stopped, there will be work soon: before, the helpers would only keep threads
 * that are to stop from their processors. */
void crew_rouse(void);

/* After the cycle, or if there is none after all: lets the helpers sleep, and gives their
 * work lists' memory back. */
void crew_rest(void);

#endif
