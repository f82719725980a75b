/* The library's own threads, which help to mark, mark beside the program, and look at an idle heap.  No stop
 * waits for one of them: it touches the heap only while another thread has stopped the world for it, or while it has
 * the world lock, so that no world is stopped.  They end
 * before the program's last thread does, or they would keep the process alive. */
#ifndef GCALLOC_WORLD_OWN_H
#define GCALLOC_WORLD_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/bits.h"

enum { OWN_MOST = 32 };

/* Calls of dl_iterate_phdr that the calling thread is in. */
SHARED_DATA __thread unsigned own_callbacks __attribute__((tls_model("initial-exec")));

/* Whether a thread may be started now: not in a callback of dl_iterate_phdr, not in a
 * signal handler, which may have interrupted the C library's malloc, not while the
 * library's threads are to end, and not by a thread whose exit hook has run for the last time. */
bool own_can_start(void);

/* Starts a thread, which begins with own_begin.  Returns false if there is none to be had. */
bool own_start(void *(*work)(void *), void *argument);

/* Starts a thread as own_start does, with a stack of so many bytes, which are no fewer than own_start takes. */
bool own_start_with(void *(*work)(void *), void *argument, size_t stack_bytes);

/* The calling thread, which own_start has started, takes no signals and is not stopped from now
 * on. */
void own_begin(void);

/* The calling thread, which is one of the library's and may have run the program's code,
 * ends before its work is done: nobody will join it, and another may take its place. */
void own_leave(void);

/* What a kind of threads has called: `ask` has the threads end soon, and is called
 * without locks by a thread that leaves; `over` is called when they have ended, and new
 * ones may be started; `forked` in the child of a fork, where there are none.  Kinds are
 * added by constructors. */
struct own_kind {
    struct own_kind *next;
    void (*ask)(void), (*over)(void), (*forked)(void);
};
void own_kind_add(struct own_kind *k);

/* Ends all of the library's threads, as no thread of the program is left but the caller.
 * No lock is held. */
void own_end(void);

/* Whether the calling thread is one of the library's. */
bool own_is_me(void);

/* Whether the thread of this number is one of the library's that has begun and not ended. */
bool own_has(pid_t tid);

/* Calls visit for the number of each of the library's threads that has begun and not ended. */
void own_walk(void (*visit)(pid_t tid));

/* How many threads have been started and not ended; some may not have taken a step yet. */
size_t own_count(void);

/* Checks that no thread is at work in a place that is free. */
void own_check(void);

/* Forgets the threads in the child of a fork, where there are none. */
void own_forked(void);

#endif
