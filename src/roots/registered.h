/* Roots that the program names: ranges and callbacks. */
#ifndef GCALLOC_ROOTS_REGISTERED_H
#define GCALLOC_ROOTS_REGISTERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "roots/range.h"

/* There are any. */
bool registered_ranges(void);

/* Calls visit(argument, range) for every range, in order of the low ends, each once
 * however often it was added. */
void registered_walk(void (*visit)(void *argument, struct range r), void *argument);

/* Runs every callback, in the order in which they were added. */
void registered_callbacks_run(void);

/* The calling thread is in a root callback, from which it may not use the heap; said once in
 * the log. */
bool registered_callback_calls(void);

/* The tree of ranges is in order, its counts positive. */
void registered_check(void);

#endif
