/* The depot: every distinct call stack, stored once and never removed. */
#ifndef GCALLOC_TRACE_DEPOT_H
#define GCALLOC_TRACE_DEPOT_H

#include <stddef.h>
#include <stdint.h>

/* The number of this stack, the same for equal ones; 0: no memory, or it is empty. */
uint32_t depot_put(const uintptr_t *frames, size_t count);

/* The stack of a number that depot_put returned; for 0 an empty one. */
size_t depot_get(uint32_t stack, const uintptr_t **frames);

/* How many distinct stacks there are. */
size_t depot_count(void);

/* The table finds every stack; returns their number. */
size_t depot_check(void);

#endif
