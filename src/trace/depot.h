/* The depot: every distinct call stack, stored once and never removed. */
#ifndef GCALLOC_TRACE_DEPOT_H
#define GCALLOC_TRACE_DEPOT_H

#include <stddef.h>
#include <stdint.h>

/* The number of this stack, the same for equal ones: those of the same addresses, which lie in
 * the same modules as of the last look.  0: no memory, it is empty, or too deep. */
uint32_t depot_put(const uintptr_t *frames, size_t count);

/* The stack of a number that depot_put returned; for 0 an empty one, and NULL. */
size_t depot_get(uint32_t stack, const uintptr_t **frames);

/* The modules in which its frames lay: trace/modules.h. */
const uint16_t *depot_modules(uint32_t stack);

/* How many distinct stacks there are. */
size_t depot_count(void);

/* The table finds every stack; returns their number. */
size_t depot_check(void);

#endif
