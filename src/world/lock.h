/* The world lock: the registry is changed under it, and whoever has it may stop the world.
 *
 * A thread that waits for it is safe, so it is the only lock that may be waited for while others
 * stop.  It is held in a critical section, from its beginning to its end. */
#ifndef GCALLOC_WORLD_LOCK_H
#define GCALLOC_WORLD_LOCK_H

#include <stdbool.h>

/* Begins a critical section with the world lock held.  true: another thread had it. */
bool world_lock(void);
void world_unlock(void);

/* The calling thread has the world lock. */
bool world_is_mine(void);

/* Takes the lock unless the calling thread has it already, as in a root callback, and gives back
 * what was taken: for a while nobody collects.  world_let_go gets what world_hold returned. */
bool world_hold(void);
void world_let_go(bool taken);

/* Child of a fork, in which the calling thread, which has the lock, is the only one. */
void lock_forked(void);

#endif
