/* Where the calling thread's stack lies.  Nothing is stored here, and no other thread is
 * looked at.  `first` says that the thread is the process's first one, which has the
 * system's stack for it, or the one that forked the process. */
#ifndef GCALLOC_WORLD_BOUNDS_H
#define GCALLOC_WORLD_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

/* Bounds of a stack, [low, high).  Both are 0 where they cannot be found out. */
struct bounds {
    uintptr_t low, high;
};

/* Finds the bounds by looking at the mapping of the main thread's stack, or by asking the
 * C library, which may allocate, with the thread's record locked.  They are 0 where it
 * cannot tell. */
struct bounds bounds_ask(bool first);

/* Finds the bounds by looking at the memory around the present frame, with no help of the
 * C library: also in a signal handler. */
struct bounds bounds_guess(bool first);

#endif
