/* The signal that stops threads, and what else is blocked and opened for the calling thread.  What
 * its handler does is in world/park.h, and what is made of the program's signals in
 * world/handlers.h. */
#ifndef GCALLOC_WORLD_SIGNALS_H
#define GCALLOC_WORLD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Its number. */
int signals_stop(void);

/* Unblocks it for the calling thread. */
void signals_open(void);

/* Installs its handler; option `signal` says for which signal.  false: the system refuses it, and
 * there are no stops. */
bool signals_install(void (*on_stop)(int, siginfo_t *, void *));

/* The handler is installed: there have been stops, or may be. */
bool signals_are_installed(void);

/* What became of a signal that was to stop a thread. */
enum sent {
    SENT,
    SENT_TO_NOBODY, /* there is no such thread */
    /* A real-time signal for one thread needs an entry in the system's queue, of which a user
     * has so many for all processes; none is needed for one that goes to the process, and so
     * to any one of its threads that does not block it.  Who gets it blocks it until the stop
     * is over; sent again and again it comes to all. */
    SENT_TO_SOME,
    NOT_SENT, /* the system refuses, as a sandbox may */
};

/* Sends it. */
enum sent signals_send(pid_t tid);

/* The set contains it. */
bool signals_stop_is_in(const sigset_t *set);

/* Blocks every signal but mask_faults, for the calling thread, and takes that back.  `saved`
 * gets the mask that was; NULL: it is not kept.  false: the system refuses it; then taking it
 * back changes nothing. */
bool signals_block(sigset_t *saved);

/* Blocks those of faults, too: for a few instructions, as a fault would end the process. */
bool signals_block_all(sigset_t *saved);

/* The stop signal still comes, and those of faults: no handler of the program runs. */
bool signals_block_handlers(sigset_t *saved);

void signals_restore(const sigset_t *saved);

/* The mask that was, but for the signal that stops threads, which is open from now on. */
void signals_restore_open(const sigset_t *saved);

/* In a handler: the mask is this from now on. */
void signals_set(uint64_t mask);

#endif
