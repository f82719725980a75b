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

/* ---- The calling thread ------------------------------------------------------------ */

/* Makes the calling thread, which is registered and not LIVING, live from now on.  Every
 * signal but those of faults is blocked when it returns, and the caller opens them at
 * once: a stop waits for that. */
void world_join(struct mutator *m);

/* Between world_block and world_unblock the calling thread is safe, whatever it does
 * meanwhile. */
void world_block(struct mutator *m);
void world_unblock(struct mutator *m);

/* Runs `wait`.  If the calling thread is registered, it is safe meanwhile, and no signal
 * handler runs on it. */
void world_wait_safely(void (*wait)(void));

/* Waits, a millisecond and 50 us for each at most, until the threads of the last stop are awake:
 * otherwise a thread that collects without end would leave the others no time at all. */
void world_let_run(void);

/* Waits for the end of a stop that may have passed the calling thread by, as the C library made
 * it meanwhile.  A registered thread was waited for. */
void world_await_restart(void);

/* Runs `wait` for the world lock, in a critical section, where a stop may find the
 * calling thread all the same.  A thread that is not registered waits as a foreign
 * thread.  It stays in the section: a handler of the program that ran when it has the
 * lock would wait for it for ever.  Once it has the lock nobody stops it. */
void park_wait(void (*wait)(void));

/* The handler of the signal that stops threads. */
void park_on_signal(int number, siginfo_t *information, void *context);

/* Has threads to which the signal comes in a critical section park at its end, from now on. */
void park_start(void);

/* Resets parking in the child of a fork: the calling thread is the only one. */
void park_forked(void);

/* ---- Who stops the world, with the world lock -------------------------------------- */

/* park_begin_stop makes the epoch odd, and park_end_stop even again: then the claimed and
 * parked threads go on. */
void park_begin_stop(void);
void park_end_stop(void);

/* Has the present stop count on the thread, if it is safe.  Returns false if it is not. */
bool park_claim(struct mutator *m);

/* Says which thread is waited for now, which wakes who stops the world; NULL if none is. */
void park_await(const struct mutator *m);

/* A foreign thread, parked in the handler, or asleep in the kernel, where it takes no
 * signal: then its thread pointer is not known, and 0, and nothing else of it. */
struct foreign {
    struct foreign *next;
    pid_t tid;
    uintptr_t sp, pointer;
    struct {
        uintptr_t low, high;
    } alternate; /* the alternate signal stack that it runs on, or empty */
    const struct interruptions *interruptions;
};

/* The list of the foreign threads of the present stop. */
const struct foreign *world_foreign(void);

/* Whether a foreign thread is still in the handler since the last stop, from where it
 * parks for this one. */
bool park_foreign_is_coming(void);

/* The foreign thread of that tid that the present stop sees parked, or NULL if there is none. */
const struct foreign *park_foreign_find(pid_t tid);

/* Has the present stop count on this foreign thread, which is asleep. */
void park_add_asleep(struct foreign *s);

/* Waits a little for the next foreign thread to arrive. */
void park_wait_a_little(void);

/* Checks that a stop lasts, that all registered threads are stopped or safe, and that the
 * foreign threads of the list can be scanned. */
void park_check(void);

#endif
