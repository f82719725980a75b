/* The threads that help with marking: as many as there are processors beside the
 * collecting thread's, or as option `markers` says.  They are of the process, and serve the heap
 * of whatever cycle there is: one at a time, as the world is stopped for it. */
#ifndef GCALLOC_COLLECT_WORKERS_H
#define GCALLOC_COLLECT_WORKERS_H

#include "collect/mark.h"

enum { WORKERS_MOST = 16 }; /* markers, the first included */

/* The marker of a collecting thread shares work with them from now on.  false with ENOMEM. */
bool workers_create(struct marker *first);

/* Before the world is stopped: starts the helpers that are missing, if the heap is worth
 * it. */
void workers_recruit(struct heap *h);

/* The world is stopped, there will be work soon, in the heap of this marker: before, the helpers
 * would only keep threads that are to stop from their processors. */
void workers_rouse(const struct marker *first);

/* After the cycle, or if there is none after all: lets the helpers sleep, and gives their
 * grey queues' memory back. */
void workers_rest(void);

/* Marking is complete: no helper has anything left, nor has what they share work through. */
void workers_check(void);

#endif
