/* The depot: every distinct call stack, stored once and never removed.  What lies at the
 * addresses is not known here.  A number that was given out stands for one stack as long
 * as the process lives. */
#ifndef GCALLOC_TRACE_DEPOT_H
#define GCALLOC_TRACE_DEPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of this stack, the same for equal ones: those of the same addresses, which lie in
 * the same modules as of the last look.  0: no memory, it is empty, or too deep. */
uint32_t depot_put(const uintptr_t *frames, size_t count);

/* The number of a stack of which these frames, the innermost, are all that is known. */
uint32_t depot_put_brief(const uintptr_t *frames, size_t count);

/* Whether the stack has outer frames that are not known. */
bool depot_is_brief(uint32_t stack);

/* The stack of a number that was returned so; for 0 an empty one, and NULL. */
size_t depot_get(uint32_t stack, const uintptr_t **frames);

/* The modules in which the frames of a stack lay: trace/modules.h. */
const uint16_t *depot_modules(uint32_t stack);

/* How many distinct stacks there are. */
size_t depot_count(void);

/* Checks that the table finds every stack.  Returns how many there are. */
size_t depot_check(void);

#endif
