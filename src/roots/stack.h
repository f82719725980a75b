/* Stacks: a mutator's own, and those it came from.  What suspended coroutines have on
 * theirs is in coroutines.h.  Ranges are added to a list, which is incomplete where a
 * stack's bounds are not known. */
#ifndef GCALLOC_ROOTS_STACK_H
#define GCALLOC_ROOTS_STACK_H

#include "heap/types.h"
#include "roots/range.h"
#include "world/thread.h"

/* Handlers on handlers on coroutines: more are not told apart. */
enum { STACK_POINTERS = 16 };

/* Adds the part of the calling thread's running stack from `sp` up; the thread has
 * published what alternate stack it is on.  If it is not on its own stack (a signal
 * handler on an alternate stack, a coroutine), libunwind walks the frames, and each stack
 * that one of them is on is added from there up; where the walk does not come back to the
 * thread's own stack, its own is added whole.  For a thread that is on a stack that it
 * said, or has used such stacks, stack_add_left adds the stacks that it has left.  The
 * stack pointers found are stored in `pointers` and are roots, too: they may be the only
 * pointers to stacks in the heap.  May take the dynamic loader's lock. */
void stack_snapshot(const struct heap *h, struct mutator *m, uintptr_t sp,
                    uintptr_t pointers[STACK_POINTERS], struct range_list *l);

/* Adds what a thread has on stacks that it has left by gc_stack_switch, or is about to go
 * to, while its stack pointer is `sp`.  The world is stopped. */
void stack_add_left(const struct mutator *m, uintptr_t sp, struct range_list *l);

/* Adds the stack and the registers of a stopped thread.  If it is on another stack than
 * its own, the other one counts from the stack pointer up, and its own as the thread left
 * it, or whole. */
void stack_add_stopped(const struct heap *h, struct mutator *m, struct range_list *l);

/* Adds the stack of a thread of which little is known but its stack pointer; where that is on another stack than the
 * C library's, which has the thread's variables at its high end, or than the process's own, that one, too, whole.
 * Those of a `sharing` thread are another's. */
struct foreign;
void stack_add_foreign(const struct heap *h, const struct foreign *t, bool sharing,
                       struct range_list *l);

#endif
