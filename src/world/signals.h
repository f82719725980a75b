/* The signal that stops threads, and what else is blocked and opened for the calling
 * thread.  What the handler of the stop signal does is in world/park.h, and what is made
 * of the program's signals in world/handlers.h. */
#ifndef GCALLOC_WORLD_SIGNALS_H
#define GCALLOC_WORLD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The number of the stop signal. */
int signals_stop(void);

/* Unblocks the stop signal for the calling thread. */
void signals_open(void);

/* Installs the handler of the stop signal; option `signal` says which signal that is.
 * Returns false if the system refuses it, in which case there are no stops. */
bool signals_install(void (*on_stop)(int, siginfo_t *, void *));

/* Whether the handler is installed: there have been stops, or may be. */
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

/* Sends the stop signal to a thread. */
enum sent signals_send(pid_t tid);

/* Whether the signal may go to any thread, as far as the calling one is concerned, which may from
 * the beginning.  While there is one that forbids it, SENT_TO_SOME has gone to none yet. */
void signals_share(bool share);

/* Nobody forbids it any more, in the child of a fork. */
void signals_forked(void);

/* Whether the set contains the stop signal. */
bool signals_stop_is_in(const sigset_t *set);

/* A thread's mask as it was. */
struct saved_mask {
    uint64_t mask;
    bool refused; /* the system refused another one, so there is nothing to take back */
};

/* Blocks every signal but mask_faults for the calling thread; `saved` gets the mask that
 * was, and may be NULL.  Returns false if the system refuses it; then taking it back by
 * signals_restore changes nothing. */
bool signals_block(struct saved_mask *saved);

/* Blocks every signal, those of faults, too: for a few instructions, as a fault would end
 * the process. */
bool signals_block_all(struct saved_mask *saved);

/* Blocks every signal but the stop signal and those of faults, so that no handler of the
 * program runs. */
bool signals_block_handlers(struct saved_mask *saved);

/* Sets the mask that was. */
void signals_restore(const struct saved_mask *saved);

/* Sets the mask that was, but for the signal that stops threads, which is open from now on. */
void signals_restore_open(const struct saved_mask *saved);

/* Sets the mask, in a handler. */
void signals_set(uint64_t mask);

#endif
