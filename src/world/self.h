/* What each thread has at hand: its record, its cache, whether it works for the library.  The fast
 * paths use these variables and nothing else; only the thread itself and its signal handlers change
 * them. */
#ifndef GCALLOC_WORLD_SELF_H
#define GCALLOC_WORLD_SELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"

struct cache;
struct mutator;

/* What the fast paths use: the calling thread's cache, or cache_none. */
SHARED_DATA __thread struct cache *thread_cache
    __attribute__((tls_model("initial-exec")));

/* Has the fast paths use this cache from now on; NULL stands for none. */
void thread_use_cache(struct cache *c);

/* The calling thread as a mutator, or NULL before it is registered. */
SHARED_DATA __thread struct mutator *thread_self
    __attribute__((tls_model("initial-exec")));

/* While it is above 0, the calling thread does the library's own work: what the C library
 * allocates for that is not the program's.  Exported under a name of its own: a program that is
 * linked with one shared library of this kind may run with another one as its malloc, and what
 * either asks of the C library comes to the other's malloc.  The loader gives both one variable. */
extern __attribute__((visibility("default"))) __thread unsigned
    thread_inside __asm__("gc_thread_inside") __attribute__((tls_model("initial-exec")));

/* While it is above 0, the calling thread runs a function of the program in a pause, or helps with one:
 * the program's tables are not to be changed. */
SHARED_DATA __thread unsigned thread_shut __attribute__((tls_model("initial-exec")));

/* Where handlers on alternate stacks that the system has disarmed for them (SS_AUTODISARM) have found the stack pointer, if
 * that was on another stack: one of a coroutine of which nothing is known here, or another alternate one.  The
 * thread's own; read while it is stopped.  An entry that a handler has left behind, by siglongjmp, goes when another
 * one begins on that stack; where there are more, the oldest goes. */
enum { INTERRUPTIONS_MOST = 8 };

struct interruptions {
    unsigned count;
    struct {
        uintptr_t stack, sp; /* the low end of the handler's stack */
    } of[INTERRUPTIONS_MOST];
};

SHARED_DATA __thread struct interruptions thread_interruptions
    __attribute__((tls_model("initial-exec")));

/* Whether the calling thread's exit hook has run for the last time. */
SHARED_DATA __thread bool thread_past_end __attribute__((tls_model("initial-exec")));

#endif
