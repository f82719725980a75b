/* What a thread says of itself before it stops: where its roots are.  It is said by the thread, or
 * by a handler on it, and is right until it goes on; nothing here stops a thread. */
#ifndef GCALLOC_WORLD_PUBLISH_H
#define GCALLOC_WORLD_PUBLISH_H

#include <signal.h>

#include "world/registry.h"

/* Publishes for the calling thread, or for one of its signal handlers on it, that the
 * stack it is on is in use from `sp` up, and that this is its alternate stack, on which
 * it may be. */
void publish(struct mutator *m, uintptr_t sp, const stack_t *alternate);

/* Publishes where the calling thread's roots are: the stack from `sp` up, the alternate
 * stack it is on, its thread-specific values.  No stop needs a call of this. */
void world_publish(struct mutator *m, uintptr_t sp);

#endif
