/* Whether a thread is inside of a fast path, where its cache is being changed.  It may
 * have been interrupted there by a signal handler that the library does not know of, and
 * that handler by another: the program counter of the topmost frame alone does not tell.
 * Each frame of an interrupted fast path lies on a stack, and its saved program counter
 * in it. */
#ifndef GCALLOC_WORLD_FAST_H
#define GCALLOC_WORLD_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "world/registry.h"

/* Where the thread was interrupted, and the end of the stack that it used there. */
uintptr_t fast_program_counter(const ucontext_t *context);
uintptr_t fast_stack_pointer(const ucontext_t *context);

/* Whether the thread was interrupted in a fast path, by the signal of this context. */
bool fast_was_interrupted(const ucontext_t *context);

/* Whether one of the words is an address in a fast path.  All of them can be read, or the
 * reading is guarded (world/faults.h). */
bool fast_is_among(const uintptr_t *words, size_t count);

/* Whether the calling thread, whose record this is, was interrupted in a fast path by the
 * signal of this context, or by a handler that the signal interrupted.  It is true also
 * where the stack's end is known, and is beyond what is looked at. */
bool fast_may_lie_below(const struct mutator *m, const ucontext_t *context);

#endif
