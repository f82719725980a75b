/* What one thread does at a time, and others may wait for, stopped meanwhile or not.  A thread of a parent, which a fork
 * has left there, has no turn any more. */
#ifndef GCALLOC_MUTATOR_TURN_H
#define GCALLOC_MUTATOR_TURN_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: nobody's. */
struct turn {
    uint64_t owner; /* the thread, and the process that it is of.  Atomic */
};

enum turn_got {
    TURN_NONE, /* another thread has it, or this one already */
    TURN_GOT,
    TURN_GOT_FROM_PARENT, /* which was about to do something */
};

/* Has the calling thread, which has a cache, take the turn. */
enum turn_got turn_try(struct turn *t);

/* Waits until nobody has it: in world_wait_safely. */
void turn_await(const struct turn *t);

/* Has it take the turn, after whoever has it, for whom `await` waits by turn_await.  TURN_NONE: the calling thread
 * has it already, and is a handler that has interrupted what it is for. */
enum turn_got turn_take(struct turn *t, void (*await)(void));

void turn_leave(struct turn *t);

#endif
