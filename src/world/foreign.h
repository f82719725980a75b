/* Foreign threads: threads of the process that are not in the registry, made by a bare
 * clone, by the C library (timers), or by a library that binds pthread_create elsewhere.
 * They are found and told to stop here; how they park is in world/park.h.  Unless all of
 * them are stopped, the world counts as incomplete. */
#ifndef GCALLOC_WORLD_FOREIGN_H
#define GCALLOC_WORLD_FOREIGN_H

#include <stdbool.h>

/* Stops the foreign threads, if that `can_tell` them, as a part of a stop of the world
 * when all registered threads have stopped.  A thread that does not answer is scanned
 * where it is if it sleeps and blocks the signal, as threads do that the C library is
 * starting or ending.  Returns false if another thread runs on, which is waited for once,
 * for a second, and said in the log; or if it cannot be found out which threads there are. */
bool foreign_stop(bool can_tell);

/* Whether in the present stop a foreign thread sleeps whose stack is not known: any writable memory of the process
 * may be it. */
bool foreign_is_anywhere(void);

#endif
