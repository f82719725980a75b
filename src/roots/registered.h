/* Roots that the program names: ranges and callbacks.  Stacks that it names are in
 * coroutines.h.  The tables change under a lock, and not while the world is stopped. */
#ifndef GCALLOC_ROOTS_REGISTERED_H
#define GCALLOC_ROOTS_REGISTERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "roots/range.h"

/* Whether there are any ranges. */
bool registered_ranges(void);

/* Calls visit(argument, range) for every range, in order of the low ends, each once
 * however often it was added. */
void registered_walk(void (*visit)(void *argument, struct range r), void *argument);

/* Runs every callback, in the order in which they were added. */
void registered_callbacks_run(void);

/* Whether the calling thread is in a root callback, from which it may not use the heap.
 * The log says so once. */
bool registered_callback_calls(void);

/* Checks that the tree of ranges is in order, and that its counts are positive. */
void registered_check(void);

#endif
