/* What the functions in front of pthread_create and pthread_join have in common with those of C11.
 * Nothing else calls them: the library's own threads are made by world/own.h. */
#ifndef GCALLOC_WORLD_INTERPOSE_H
#define GCALLOC_WORLD_INTERPOSE_H

#include <pthread.h>

#include "world/thread.h"

/* Does what pthread_create does, for a thread that begins with run(record), whose record
 * has `start` and `argument`.  Returns an error number, EAGAIN if there is no memory for
 * the record. */
int interpose_run(pthread_t *thread, const pthread_attr_t *attributes,
                  void *(*run)(void *), void *(*start)(void *), void *argument);

struct claim {
    struct mutator *record; /* NULL: there is none */
    pthread_t thread;
};

/* Gives a claim back: the thread was not joined or detached, as the call failed or was cancelled. */
void interpose_unclaim(void *claim);

/* Stands in front of a call that joins or detaches a thread, and returns its result, of
 * which 0 means that it is done.  The record is claimed before the call: afterwards the
 * pthread_t may be another thread's.  Who joins may be cancelled meanwhile. */
#define CLAIMED(thread, call, done)                          \
    do {                                                     \
        struct claim claim = {thread_claim(thread), thread}; \
        int error;                                           \
        pthread_cleanup_push(interpose_unclaim, &claim);     \
        error = (call);                                      \
        pthread_cleanup_pop(error != 0);                     \
        if (!error && claim.record)                          \
            done(claim.record);                              \
        return error;                                        \
    } while (0)

#define JOIN(thread, call) CLAIMED(thread, call, thread_joined)

#endif
