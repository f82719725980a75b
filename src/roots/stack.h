/* The mutator's own stack, and those it came from. */
#ifndef GCALLOC_ROOTS_STACK_H
#define GCALLOC_ROOTS_STACK_H

#include "heap/types.h"
#include "roots/range.h"

/* Adds the part of the running stack from `sp` up.  If that is not the thread's own stack
 * (a signal handler on an alternate stack, a coroutine), libunwind walks the frames and
 * each stack that one of them is on is added from there up; where the walk does not come
 * back to the thread's own stack, that is added whole. */
void stack_snapshot(const struct heap *h, uintptr_t sp, struct range_list *l);

#endif
