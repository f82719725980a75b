/* The world lock: the registry is changed under it, and whoever has it may stop the world.
 *
 * A thread that waits for it is safe, so it is the only lock that may be waited for while others
 * stop.  It is held in a critical section, from its beginning to its end. */
#ifndef GCALLOC_WORLD_LOCK_H
#define GCALLOC_WORLD_LOCK_H

#include <stdbool.h>

#include "base/lock.h"

/* world_lock begins a critical section with the world lock held, and world_unlock ends
 * it.  world_lock returns true if another thread had the lock. */
bool world_lock(void);
void world_unlock(void);

/* Whether the calling thread has the world lock. */
bool world_is_mine(void);

/* world_hold takes the lock unless the calling thread has it already, as in a root
 * callback, and world_let_go gives back what was taken: for a while nobody collects.
 * world_let_go gets what world_hold returned. */
bool world_hold(void);
void world_let_go(bool taken);

/* Take and release a lock that guards what is read while the world is stopped.  A thread between gc_blocking_begin
 * and gc_blocking_end, which no stop waits for, takes the world lock before.  world_give gets what world_take
 * returned. */
bool world_take(struct lock *l, enum rank rank);
void world_give(struct lock *l, enum rank rank, bool taken);

/* Resets the lock in the child of a fork, in which the calling thread, which has the
 * lock, is the only one. */
void lock_forked(void);

#endif
