/* Stacks of the library's own, for what runs deeper than a small stack of the program's has
 * room for: a collection in a signal handler on an alternate stack, in a coroutine of a few
 * KiB.  A thread that runs on one has published that its roots are on the program's stack, from
 * where it left that; what lies on the library's is no root. */
#ifndef GCALLOC_WORLD_SYSTEMSTACK_H
#define GCALLOC_WORLD_SYSTEMSTACK_H

#include "world/registry.h"

/* Bytes of address space of each stack: libunwind takes 10 KiB, what reads debug
 * information 160 KiB for a small program. */
enum { SYSTEMSTACK_BYTES = 1 << 20 };

/* Calls the function on a stack of the library's, or on the present one where the thread
 * is on such a stack already, is not registered, or where there is no memory.  No handler
 * of the program runs meanwhile. */
void systemstack_run(void (*function)(void *), void *argument);

/* Inside of systemstack_run: calls the function, which is the program's, on the program's
 * stack.  The world is stopped. */
void systemstack_leave(void (*function)(void *), void *argument);

/* Checks that each stack is one thread's, or nobody's.  The world is stopped. */
void systemstack_check(void);

/* Whether the address lies on the library's stack that the thread runs on. */
INLINE bool systemstack_holds(const struct mutator *m, uintptr_t address)
{
    return address - m->system.low < SYSTEMSTACK_BYTES;
}

#endif
