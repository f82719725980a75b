/* Whether a thread is inside of a fast path, where its cache is being changed.  It may have
 * been interrupted there by a signal handler that the library does not know of, and that
 * handler by another: the program counter of the topmost frame alone does not tell.  Each
 * frame of an interrupted fast path lies on a stack, and its saved program counter in it. */
#ifndef GCALLOC_WORLD_FAST_H
#define GCALLOC_WORLD_FAST_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "world/thread.h"

/* Where the thread was interrupted, and the end of the stack that it used there. */
uintptr_t fast_program_counter(const ucontext_t *context);
uintptr_t fast_stack_pointer(const ucontext_t *context);

/* It was interrupted in a fast path, by the signal of this context. */
bool fast_was_interrupted(const ucontext_t *context);

/* A word in [low, high) is an address in a fast path.  true also where the range is too long
 * to be looked at in a pause, or has pages that cannot be read. */
bool fast_is_named(uintptr_t low, uintptr_t high);

/* The calling thread, whose record this is, was interrupted in a fast path by the signal of
 * this context, or by a handler that the signal interrupted.  true also where the stack's
 * end is known, and is beyond what is looked at. */
bool fast_may_lie_below(const struct mutator *m, const ucontext_t *context);

#endif
