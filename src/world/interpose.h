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

/* Stands in front of a call that joins or detaches a thread, and returns its result, of
 * which 0 means that it is done.  The record is claimed before the call: afterwards the
 * pthread_t may be another thread's. */
#define CLAIMED(thread, call, done)               \
    do {                                          \
        struct mutator *m = thread_claim(thread); \
        int error = (call);                       \
        if (m && error)                           \
            thread_unclaim(m, thread);            \
        else if (m)                               \
            done(m);                              \
        return error;                             \
    } while (0)

#define JOIN(thread, call) CLAIMED(thread, call, thread_joined)

#endif
