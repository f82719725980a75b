/* What a cycle takes from the caches of threads, and finds in them.  They are looked at
 * while the world is stopped only; a thread that stopped in a fast path keeps its cache
 * as it is. */
#ifndef GCALLOC_COLLECT_CACHES_H
#define GCALLOC_COLLECT_CACHES_H

#include "heap/types.h"

/* Whose caches are emptied beside those that their threads have not needed since the last cycle. */
enum caches_emptied { CACHES_IDLE, CACHES_OWN, CACHES_ALL };

/* Gives back what the caches of this heap hold without need: units that they reserved are
 * free for all, what their threads freed of others' blocks goes back there, and a cache
 * that another thread has not needed since the last cycle is emptied, as are the calling thread's
 * and all others where that is said.  The world is stopped, and its lock is held. */
void caches_give_back(struct heap *h, enum caches_emptied emptied);

/* Whether more threads than one have a cache of this heap.  Takes the world lock. */
bool caches_are_several(const struct heap *h);

struct caches_held {
    uint32_t slots; /* in all caches */
    /* The most slots that may be on the way between a cache and the program. */
    uint32_t in_flight;
};

/* Checks that the caches of this heap are sound, and that each is listed once. */
struct caches_held caches_check(const struct heap *h);

#endif
