/* Threads of the process that are not in the registry: made by a bare clone, by the C
 * library (timers), or by a library that binds pthread_create elsewhere. */
#ifndef GCALLOC_WORLD_FOREIGN_H
#define GCALLOC_WORLD_FOREIGN_H

#include <stdbool.h>

/* Part of a stop of the world, when all registered threads have stopped: stops the others, if
 * that `can_tell` them.  One that does not answer is scanned where it is if it sleeps and blocks
 * the signal, as threads do that the C library is starting or ending.  false: another one runs
 * on, which is waited for once, for a second, and said in the log; or it cannot be found out
 * which threads there are. */
bool foreign_stop(bool can_tell);

#endif
