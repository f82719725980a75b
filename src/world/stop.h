/* Stopping the world and letting it go on.
 *
 * A thread *runs*: then a stop sends it a signal, whose handler parks it, or in a critical
 * section notes that it is to park at its end.  Or it is *safe*: it is parked, until the world
 * goes on and it is awake again; it waits for the world lock; or it is between
 * gc_blocking_begin and gc_blocking_end.  Then it needs no signal: a stop claims it, and it
 * leaves that state when it is not claimed.
 *
 * Stops are numbered: the epoch is odd while one lasts.  Whoever holds the world lock may
 * stop the world, and no two at a time.  A thread that waits for the lock is safe, so the
 * lock is the only one that may be waited for while others stop.  (The lock of the list of
 * foreign threads is held for a few instructions, with all signals blocked.) */
#ifndef GCALLOC_WORLD_STOP_H
#define GCALLOC_WORLD_STOP_H

#include <stdbool.h>
#include <ucontext.h>

#include "world/thread.h"

/* Begins a critical section with the world lock held.  true: another thread had it. */
bool world_lock(void);
void world_unlock(void);

/* The calling thread has the world lock. */
bool world_is_mine(void);

/* The same as world_lock and world_unlock for who may have the lock already, in a root
 * callback: for a while nobody collects.  world_let_go gets what world_hold returned. */
bool world_hold(void);
void world_let_go(bool taken);

/* From the return of the one to the call of the other, no thread but the caller changes
 * the heap or its roots, and all have said where their roots are.  The world lock is held.
 * In between the caller's signals are blocked, and it may wait for nobody else's locks.
 * false: some thread runs on, and the caller may do nothing but restart the world. */
bool world_stop(void);
void world_restart(void);

/* While the world is stopped: all threads of the process are known.  Else there may be
 * roots that are not, and nothing is to be reclaimed. */
bool world_is_complete(void);

/* The threads are this process's.  false: it is a child of vfork, or of a bare clone, in
 * which there are none of them. */
bool world_is_here(void);

/* Waits, a millisecond at most, until the threads of the last stop are awake: else one that
 * collects without end would leave the others no time at all. */
void world_let_run(void);

/* The calling thread, which is registered and not LIVING, lives from now on.  Every signal but
 * those of faults is blocked when it returns, and the caller opens them at once: a stop waits for
 * that. */
void world_join(struct mutator *m);

/* Installs the handler of the signal; false: there are no stops.  Once, at start. */
bool world_start(void);

/* Between the two the calling thread is safe, whatever it does meanwhile. */
void world_block(struct mutator *m);
void world_unblock(struct mutator *m);

/* The calling thread says where its roots are: the stack from `sp` up, the alternate stack
 * it is on, its thread-specific values.  No stop needs a call of this. */
void world_publish(struct mutator *m, uintptr_t sp);

/* The thread may be stopped where it was interrupted. */
bool world_stops_at(const ucontext_t *context);

/* What the signal's handler does, then.  `shared`: the signal may have been meant for another
 * thread, which gets it when this one stays in the handler. */
void world_arrived(const ucontext_t *context, bool shared);

/* Runs `wait` with the calling thread safe, if it is registered: then no signal handler
 * runs on it meanwhile. */
void world_wait_safely(void (*wait)(void));

/* Child of a fork, in which the calling thread, which has the world lock, is the only one. */
void world_forked(void);

/* There have been stops, or may be. */
bool world_is_started(void);

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
bool world_foreign_is_coming(void);

/* The one of that tid, which the present stop sees parked; NULL: there is none. */
const struct foreign *world_foreign_parked(pid_t tid);

/* For foreign.c: the present stop counts on this one, which is asleep. */
void world_add_asleep(struct foreign *s);

/* For foreign.c: waits a little for the next thread to arrive. */
void world_wait_a_little(void);

/* For handshake.c: the present stop counts on the thread, if it is safe. */
bool world_claim(struct mutator *m);

/* For handshake.c: this is the thread that is waited for now, which wakes who stops the world;
 * NULL: there is none. */
void world_await(const struct mutator *m);

#endif
