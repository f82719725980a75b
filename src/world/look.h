/* What the kernel tells of one thread of this process. */
#ifndef GCALLOC_WORLD_LOOK_H
#define GCALLOC_WORLD_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* As it was at one moment.  What could not be found out reads as false. */
struct look {
    bool ended; /* there is no such thread, or its memory is all that is left of it */
    bool sleeps,
        held; /* held: in the kernel, where no signal wakes it, or by a debugger */
    bool blocks, pending; /* the stop signal */
};

struct look look_at(pid_t tid);

/* Where a thread's stack ends that sleeps in the kernel; 0: it does not, or the kernel does not
 * say. */
uintptr_t look_stack_pointer(pid_t tid);

/* There is such a thread; one that has ended and is not waited for, as the main thread may
 * be, is still there. */
bool look_finds(pid_t tid);

#endif
