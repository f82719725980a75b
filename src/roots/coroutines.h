/* Stacks that the program registers, to run on them: of coroutines, fibres, generators.
 *
 * A thread runs on one of them or on its own, and says so just before it changes; the stack
 * that it leaves is suspended from then on, and its used part is a root. */
#ifndef GCALLOC_ROOTS_COROUTINES_H
#define GCALLOC_ROOTS_COROUTINES_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/lookup.h"
#include "heap/types.h"
#include "roots/range.h"
#include "world/thread.h"

/* These return 0 or an error number; see gc_stack_register, _unregister and _switch. */
int coroutine_register(struct range r);
int coroutine_unregister(uintptr_t low);

/* `left`: what the calling thread has on the stack that it is about to leave. */
int coroutine_switch(struct mutator *m, uintptr_t low, const struct departure *left);

/* The registered stack around an address.  false: there is none. */
bool coroutine_around(uintptr_t address, struct range *found);

/* The stacks that do not run, but those in objects of the heap: these count when the object is
 * reached, and there is room in the list for them afterwards.  The world is stopped. */
void coroutine_add_suspended(const struct heap *h, struct range_list *l);

/* Adds suspended stacks that lie in objects which are marked by now, each stack once in a
 * cycle; perhaps not all of them.  Returns whether there were any. */
bool coroutine_add_reached(const struct heap *h, struct range_list *l);

/* Tests only: how often it was asked whether the object that a stack lies in is
 * marked. */
size_t coroutine_looked_at(void);

/* Whether a stack lies in this object, or ends in it. */
bool coroutine_any_within(const struct cell *o);

/* Adds what suspended stacks have that lie in this object, which need not be marked. */
void coroutine_add_within(const struct cell *o, struct range_list *l);

/* Marking is complete: registered memory in objects that are not marked is a stack no
 * more. */
void coroutine_drop_unreached(void);

/* Where a thread is that has used registered stacks. */
enum whereabouts {
    THERE,    /* on the stack that it said */
    LEAVING,  /* still on the one before that */
    ELSEWHERE /* on neither, as in a signal handler on an alternate stack */
};

/* The world is stopped, or the caller is the thread itself.  `on_own`: its stack pointer,
 * `sp`, lies on its own stack. */
enum whereabouts coroutine_whereabouts(const struct mutator *m, uintptr_t sp,
                                       bool on_own);

/* What the thread has on registered stacks, besides the one that `sp` lies on.  The world
 * is stopped. */
void coroutine_add_running(const struct mutator *m, enum whereabouts where,
                           struct range_list *l);

/* Adds what was left on a stack with these bounds. */
void departure_add(const struct departure *d, struct range stack, struct range_list *l);

/* Whether the thread has ever said that it leaves its own stack. */
INLINE bool coroutine_used(const struct mutator *m)
{
    return m->coroutine != m->left;
}

/* The tree of stacks is in order, no two overlap, and each thread is on the one that it said.  The
 * world is stopped. */
void coroutine_check(void);

#endif
