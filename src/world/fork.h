/* fork of a program with threads.  Nothing stands in front of the C library's fork, which
 * calls what pthread_atfork has registered, but in builds that ThreadSanitizer watches.
 * The child finds a heap that no thread was changing. */
#ifndef GCALLOC_WORLD_FORK_H
#define GCALLOC_WORLD_FORK_H

#include "base/bits.h"

/* Called in the child, under the world lock, where only the calling thread is left: what the others
 * were at will not be finished.  NULL: nobody has to know. */
SHARED_DATA void (*fork_hook)(void);

/* Called before a fork, in a stop; or with `stopped` false, where some thread has not stopped: then it has left, as far as
 * it is waited for, the section that it may have been in, and begins no other. */
SHARED_DATA void (*fork_before_hook)(bool stopped);

/* Has fork give the child a sound heap, from now on. */
void fork_watch(void);

/* These stand around questions to the dynamic loader: a fork waits for their end, as the
 * child could not unlock what another thread had locked.  Not called in a critical section. */
void fork_hold_off(void);
void fork_let_go_on(void);

#endif
