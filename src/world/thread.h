/* The life of a thread as a mutator: how it comes to have a record, what it does with its
 * stack's bounds and its exit hook, and how it gives both back.  The records themselves are
 * world/registry.h's, and how a thread stops is world/park.h's. */
#ifndef GCALLOC_WORLD_THREAD_H
#define GCALLOC_WORLD_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "world/registry.h"
#include "world/self.h"

/* Takes a key for the exit hook before the program can take all of them, and learns the
 * bounds of the calling thread's stack.  Called when the library is loaded. */
void thread_load(void);

/* Makes a record for a thread about to start.  `place` is where its pthread_t is put, or
 * NULL.  Returns NULL with errno ENOMEM if there is no memory. */
struct mutator *thread_new(void *(*start)(void *), void *argument, bool joinable,
                           pthread_t *place);

/* Says that the thread has been made for which the record with this serial number was; it
 * may have ended by now, and the record may be another's.  From then on, or from the
 * thread's first step on if that is earlier, its pthread_t is where the program wants it,
 * and nobody can know it sooner. */
void thread_made(struct mutator *m, uint64_t serial, pthread_t thread);

/* Takes back thread_new, for a thread that could not start. */
void thread_discard(struct mutator *m);

/* Says that the calling thread is the one that the record was made for. */
void thread_begin(struct mutator *m);

/* What a thread does as soon as it lives, while all signals are blocked for it anyway: so
 * it may be brief, and wait for locks of the heap only.  It is set once, before there are
 * threads that could call it; NULL means nothing. */
SHARED_DATA void (*thread_begun)(struct mutator *m);

/* Registers the calling thread.  Returns NULL with errno ENOMEM if there is no memory for
 * its record. */
struct mutator *thread_attach(void);

/* Gives the calling thread's cache back and takes it off the registry; its stack is no
 * root any more.  The record of a joinable one stays. */
void thread_detach(void);

/* Takes the record of a thread that pthread_create made and nobody has joined, detached
 * or claimed, before the C library's call that joins or detaches it: after that call the
 * pthread_t may be another thread's.  Returns NULL if there is none. */
struct mutator *thread_claim(pthread_t thread);

/* Called for a record that thread_claim returned, after the C library's call: the call
 * has failed, or the thread was joined, or nobody will join it any more. */
void thread_unclaim(struct mutator *m, pthread_t thread);
void thread_joined(struct mutator *m);
void thread_detached(struct mutator *m);

/* Says that the calling thread will end with this result. */
void thread_exits(void *result);

/* What the calling thread, which may not be registered, had for using the heap. */
struct thread_access {
    bool ready, fast;
};

/* From the first to the second every use of the heap by the calling thread comes to a slow path, which
 * finds it not ready: for functions of the program that run in a pause. */
struct thread_access thread_shut_out(void);
void thread_let_in(struct thread_access had);

#endif
