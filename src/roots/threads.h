/* The roots of all threads.  How each is found, the other headers of this folder say.  A
 * thread asks the loader and the unwinder for itself, before the stop. */
#ifndef GCALLOC_ROOTS_THREADS_H
#define GCALLOC_ROOTS_THREADS_H

#include "roots/range.h"
#include "roots/segments.h"
#include "roots/stack.h"
#include "roots/tls.h"

/* What a thread finds out before it stops the world, asking the loader and the unwinder,
 * who may take locks. */
struct snapshot {
    struct range_list stacks;    /* its own */
    struct range_list segments;  /* static data */
    struct range_list variables; /* its thread-local ones */
    struct tls_modules modules;
    struct segments_loaded loaded;
    uintptr_t pointers[STACK_POINTERS];
};

/* Fills the calling thread's snapshot, which it has kept since its last collection: its
 * stack counts from `sp` up.  NULL: no memory. */
const struct snapshot *threads_snapshot(const struct heap *h, uintptr_t sp);

/* Adds the roots of the calling thread and of all stopped ones, and finds out which of them
 * may be in a fast path.  The world is stopped. */
void threads_roots(const struct heap *h, const struct snapshot *s,
                   struct range_list *stacks, struct range_list *roots);

/* Adds what timers pass on to the program.  The world is stopped. */
void threads_add_timers(struct range_list *roots);

/* Adds what the C library keeps of threads that have ended, for others to come.  It keeps
 * nothing alive but the C library's own memory, so only a search for leaks needs it, which can
 * afford a system call for each.  The world is stopped. */
void threads_add_kept(struct range_list *roots);

#endif
