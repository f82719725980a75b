/* Stopping the world and letting it go on: the side of who stops it.
 *
 * Each registered thread is told by a signal (world/handshake.h), then the foreign ones
 * (world/foreign.h); what they do for it is in world/park.h.  Whoever holds the world lock may
 * stop the world, and no two at a time. */
#ifndef GCALLOC_WORLD_STOP_H
#define GCALLOC_WORLD_STOP_H

#include <stdbool.h>

#include "world/lock.h"
#include "world/park.h"
#include "world/publish.h"
#include "world/self.h"

/* From the return of world_stop to the call of world_restart, no thread but the caller
 * changes the heap or its roots, and all have said where their roots are.  The world lock
 * is held.  In between the caller's signals are blocked, and it may wait for nobody
 * else's locks.  world_stop returns false if some thread runs on, in which case the
 * caller may do nothing but restart the world. */
bool world_stop(void);

/* Whether no thread but the caller does anything in this stop.  Threads that the stop does not wait for may store
 * into objects: those between gc_blocking_begin and gc_blocking_end, and those that sleep in the kernel. */
bool world_stands(void);
void world_restart(void);

/* Whether all threads of the process are known, while the world is stopped.  If they are
 * not, there may be roots that are not known, and nothing is to be reclaimed. */
bool world_is_complete(void);

/* Checks that whatever this folder keeps of threads is sound.  Called while the world is
 * stopped, by who stopped it. */
void world_check(void);

#endif
