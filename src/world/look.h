/* What the kernel tells of one thread of this process.  Nothing is remembered here, and
 * no thread is signalled.  A look is of one moment, and may be out of date when it is
 * returned. */
#ifndef GCALLOC_WORLD_LOOK_H
#define GCALLOC_WORLD_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A thread as it was at one moment.  What could not be found out reads as false. */
struct look {
    bool ended; /* there is no such thread, or its memory is all that is left of it */
    /* `held` says that it is in the kernel, where no signal wakes it, or held by a debugger. */
    bool sleeps, held;
    /* It works in the kernel only, where a request of the program's made the kernel begin it, as io_uring
     * has such threads.  It has no stack. */
    bool kernels;
    bool blocks, pending; /* the stop signal */
    uint64_t switches; /* how often a processor was taken from it, or it has left one */
};

struct look look_at(pid_t tid);

/* What the kernel tells of the place where a thread is. */
enum place {
    PLACE_SLEEPS,
    PLACE_MOVES, /* the thread runs, or what it does could not be read at that moment */
    PLACE_NONE,  /* there is no such thread any more, or it has no stack */
    PLACE_NOT_TOLD, /* this kernel tells it of no thread, or of valgrind's stack in place of the program's */
};

/* Finds the stack pointer with which a thread sleeps in the kernel. */
enum place look_place(pid_t tid, uintptr_t *sp);

/* Whether there is such a thread; one that has ended and is not waited for, as the main
 * thread may be, is still there. */
bool look_finds(pid_t tid);

#endif
