/* The mark workers: threads that help with marking, as many as there are processors
 * beside the collecting thread's, or as option `markers` says.  They are of the process,
 * and serve the heap of whatever cycle there is: one at a time, as the world is stopped
 * for it.  They touch no heap between cycles. */
#ifndef GCALLOC_COLLECT_WORKERS_H
#define GCALLOC_COLLECT_WORKERS_H

#include "collect/mark.h"

enum { WORKERS_MOST = 16 }; /* markers, the first included */

/* Has the marker of a collecting thread share work with the helpers from now on.  Returns
 * false with errno ENOMEM if there is no memory for their pool. */
bool workers_create(struct marker *first);

/* Starts the helpers that are missing, if the heap is worth it.  Called before the world
 * is stopped. */
void workers_recruit(struct heap *h);

/* Wakes the helpers, as there will be work soon, in the heap of this marker.  The world
 * is stopped: before, the helpers would only keep threads that are to stop from their
 * processors. */
void workers_rouse(const struct marker *first);

/* Lets the helpers sleep, and gives their grey queues' memory back.  Called after the
 * cycle, or if there is none after all. */
void workers_rest(void);

/* Checks that marking is complete: no helper has anything left, nor has what they share
 * work through. */
void workers_check(void);

#endif
