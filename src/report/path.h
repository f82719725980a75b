/* Why an object is alive: the shortest way from a root to it, found in a pause. */
#ifndef GCALLOC_REPORT_PATH_H
#define GCALLOC_REPORT_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "report/reach.h"

enum path_result {
    PATH_UNKNOWN, /* nothing could be looked at: a thread does not stop, or memory ran out */
    PATH_FROM_ROOT,
    PATH_FROM_LEAK, /* only from a manual object that nothing leads to; the way begins there */
    PATH_NONE,      /* nothing leads to the object */
    PATH_FREED,   /* there was one, of which more is known if `of` has stacks */
    PATH_FREE,    /* memory of the heap where no object is */
    PATH_OUTSIDE, /* no memory of the heap */
};

enum root_kind {
    ROOT_DATA,     /* static data, or what else is searched */
    ROOT_NAMED,    /* a root callback has named it */
    ROOT_STACK,    /* of a thread */
    ROOT_REGISTER, /* of a thread, saved where it was interrupted */
    ROOT_LOCAL,    /* thread-local or thread-specific data */
    ROOT_RECORD,   /* argument, result or alternate signal stack of a thread */
    ROOT_TIMER,    /* what a timer passes on */
    ROOT_POLLED,   /* what epoll has with a descriptor that it watches */
    ROOT_STREAM,   /* a stream of stdio, with its buffer and its cookie */
    ROOT_VARIABLE, /* the array of the environment's variables */
};

/* An object on the way, and where the pointer to it is; `at` is 0 where that is not known, as a trace function
 * has named it, and for the first object of a way from a leak. */
struct path_step {
    uintptr_t address, at, pointer;
    size_t bytes;   /* requested */
    uint32_t stack; /* that allocated it, in the depot; 0: not known */
};

struct path {
    enum path_result result;
    enum root_kind root;
    pid_t thread;            /* of the root; 0: none */
    size_t distance;         /* of a root on a stack, from the stack pointer */
    struct path_step *steps; /* from the root to the object */
    size_t count;
    struct path_step of; /* the object that was asked for, or what was there */
    uint32_t freed;      /* the stack that freed it; 0: not known */
    bool manual;
};

/* Looks for the way to the object around an address.  There is a heap, and the lock of reports is held (report/out.h).
 * Stops the world, in which it takes time in proportion to what is alive. */
void path_find(struct path *p, uintptr_t address);
void path_free(struct path *p);

/* In a pause, in which `r` has been filled: makes of `p`, which is zero but for what the caller has noted, the way to what
 * the edge of this place has reached. */
void path_take(struct path *p, const struct reach *r, uint32_t edge);

/* Looks for the way, as path_find does, and says it as text. */
void path_report(uintptr_t address);

#endif
