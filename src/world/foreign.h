/* Threads of the process that are not in the registry: made by a bare clone, by the C
 * library (timers), or by a library that binds pthread_create elsewhere. */
#ifndef GCALLOC_WORLD_FOREIGN_H
#define GCALLOC_WORLD_FOREIGN_H

#include <stdbool.h>

/* Part of a stop of the world, when all registered threads have stopped: stops the others, if
 * that `can_tell` them.  One that does not answer is scanned where it is if it sleeps and blocks the
 * signal, as threads do that the C library is starting or ending.  false: another one runs on,
 * which is waited for once, for a second, and said in the log; or it cannot be found out which
 * threads there are. */
bool foreign_stop(bool can_tell);

/* The calling thread is one of the library's own: it touches the heap only while another
 * one has stopped the world for it, and no stop waits for it.  It takes no signals. */
void foreign_except_me(void);

/* It is about to end, and touches nothing any more. */
void foreign_leave(void);

/* Child of a fork: there are no such threads. */
void foreign_forked(void);

#endif
