/* What a thread does for a stop of the world: it parks, or says that it is safe.
 *
 * A thread *runs*: then a stop sends it a signal, whose handler parks it, or in a critical
 * section notes that it is to park at its end.  Or it is *safe*: it is parked, until the world
 * goes on and it is awake again; it waits for the world lock; or it is between
 * gc_blocking_begin and gc_blocking_end.  Then it needs no signal: a stop claims it, and it
 * leaves that state when it is not claimed.
 *
 * Stops are numbered: the epoch is odd while one lasts.  Nobody is told to stop here, and no lock
 * of the heap is taken.  (The lock of the list of foreign threads is held for a few instructions,
 * with all signals blocked.) */
#ifndef GCALLOC_WORLD_PARK_H
#define GCALLOC_WORLD_PARK_H

#include <signal.h>
#include <stdbool.h>

#include "world/registry.h"

/* ---- The calling thread ---------------------------------------------------------------- */

/* The calling thread, which is registered and not LIVING, lives from now on.  Every signal but
 * those of faults is blocked when it returns, and the caller opens them at once: a stop waits for
 * that. */
void world_join(struct mutator *m);

/* Between the two the calling thread is safe, whatever it does meanwhile. */
void world_block(struct mutator *m);
void world_unblock(struct mutator *m);

/* Runs `wait` with the calling thread safe, if it is registered: then no signal handler
 * runs on it meanwhile. */
void world_wait_safely(void (*wait)(void));

/* Waits, a millisecond at most, until the threads of the last stop are awake: else one that
 * collects without end would leave the others no time at all. */
void world_let_run(void);

/* For the world lock: runs `wait` in a critical section, where a stop may find the calling thread
 * all the same.  One that is not registered waits as a foreign thread.  It stays in the section: a
 * handler of the program that ran when it has the lock would wait for it for ever.  Once it has
 * the lock nobody stops it. */
void park_wait(void (*wait)(void));

/* The handler of the signal that stops threads. */
void park_on_signal(int number, siginfo_t *information, void *context);

/* From now on a thread to which the signal came in a critical section parks at its end. */
void park_start(void);

/* Child of a fork: the calling thread is the only one. */
void park_forked(void);

/* ---- Who stops the world, with the world lock -------------------------------------------- */

/* The epoch becomes odd, and even again: then the claimed and parked threads go on. */
void park_begin_stop(void);
void park_end_stop(void);

/* The present stop counts on the thread, if it is safe. */
bool park_claim(struct mutator *m);

/* This is the thread that is waited for now, which wakes who stops the world; NULL: there is
 * none. */
void park_await(const struct mutator *m);

/* A thread that runs without the registry's knowing, parked in the handler; or asleep in the
 * kernel, where it takes no signal: then its thread pointer is not known, and 0. */
struct foreign {
    struct foreign *next;
    pid_t tid;
    uintptr_t sp, pointer;
};

/* Those of the present stop. */
const struct foreign *world_foreign(void);

/* Is one of them still in the handler since the last stop, from where it parks for this
 * one? */
bool park_foreign_is_coming(void);

/* The one of that tid, which the present stop sees parked; NULL: there is none. */
const struct foreign *park_foreign_find(pid_t tid);

/* The present stop counts on this one, which is asleep. */
void park_add_asleep(struct foreign *s);

/* Waits a little for the next foreign thread to arrive. */
void park_wait_a_little(void);

/* A stop lasts, all registered threads are stopped or safe, and those of the list of foreign ones
 * can be scanned. */
void park_check(void);

#endif
