/* Locks that are let go when an error or a continuation leaves what was done under them. */
#ifndef SCHEME_HOLD_H
#define SCHEME_HOLD_H

#include "machine.h"

#include <pthread.h>

/* A lock that the thread has; lies on the C stack of who took it. */
struct hold {
    struct hold *outer;
    pthread_mutex_t *mutex;
    bool paused;
};

/* Whether there has ever been more than one thread: before that ports need no locks. */
extern bool hold_needed;

void hold_begin(struct hold *hold, pthread_mutex_t *mutex);
/* Of the last one that was begun. */
void hold_end(struct hold *hold);
/* Ends all that were begun after `outer`. */
void hold_end_to(struct hold *outer);

/* The front end's data have one lock, which a thread may take again, and which it lets go while it runs code of
 * the program. */
void front_end_enter(struct hold *hold);
/* While code runs: lets the lock go, as often as the thread took it since `outer`, and takes it again. */
void front_end_pause(struct hold *outer);
void front_end_resume(struct hold *outer);

#endif
