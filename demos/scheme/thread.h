/* Threads, and how they wait: what the files that implement SRFI 18 offer each other and the machine. */
#ifndef SCHEME_THREAD_H
#define SCHEME_THREAD_H

#include "machine.h"

#include <semaphore.h>
#include <time.h>

/* One thread that waits; lies on its C stack. */
struct waiter {
    struct thread *thread;
    struct waiter *next;
    bool woken;
};

/* Those that wait for one thing, in the order in which they came. */
struct queue {
    struct waiter *first, **end;
};

enum thread_state {
    THREAD_NEW,
    THREAD_STARTED,
    THREAD_RETURNED,
    THREAD_RAISED,
    THREAD_TERMINATED,
};

/* All fields from `state` on are changed under the one lock of threads. */
struct thread {
    struct object object;
    value name, specific;
    value thunk;
    value parameters;        /* that it starts with */
    struct machine *machine; /* while it runs */
    sem_t
        wake; /* posted when the thread, if it waits, is to look whether it still has to */
    enum thread_state state;
    bool terminating; /* it is to end at the next occasion */
    value result;     /* what it returned or raised */
    struct queue joiners;
    struct mutex *owned; /* the mutexes that it has locked */
};

/* ---- wait.c: the lock of threads, queues, and times ------------------------------------ */

void threads_lock(void);
void threads_unlock(void);

/* When a wait ends without what was waited for. */
struct deadline {
    bool never;
    struct timespec when; /* by the monotonic clock */
};

/* From a time-out that is given by an argument: #f, a number of seconds, or a time. */
struct deadline want_deadline(int argc, value *args, int i);
/* Under the lock, which is let go meanwhile.  Returns false after the deadline.  Does not return if the thread is
 * terminated, or interrupted by Ctrl-C. */
bool queue_wait(struct queue *queue, const struct deadline *deadline);
/* Has the thread look, if it waits, whether it is interrupted; for signal handlers, too. */
void thread_wake(struct thread *thread);
/* Wakes the one that has waited longest, if there is one. */
void queue_wake(struct queue *queue);
void queue_wake_all(struct queue *queue);

void define_times(void);

/* ---- mutex.c ------------------------------------------------------------------------------ */

/* Under the lock: the thread has ended, and its mutexes are nobody's. */
void mutexes_abandon(struct thread *owner);
void define_mutexes(void);

/* ---- thread.c ----------------------------------------------------------------------------- */

/* Ends the calling thread if it is being terminated. */
void thread_check(void);
/* Ends the calling thread, the lock being held. */
_Noreturn void thread_leave(void);
bool thread_has_ended(const struct thread *thread);

#endif
