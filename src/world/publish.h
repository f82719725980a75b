/* For stop.c: what a thread says of itself before it stops. */
#ifndef GCALLOC_WORLD_PUBLISH_H
#define GCALLOC_WORLD_PUBLISH_H

#include <signal.h>

#include "world/thread.h"

/* The calling thread, or one of its signal handlers, says that the stack it is on is in use from
 * `sp` up, and that this is its alternate stack, on which it may be. */
void publish(struct mutator *m, uintptr_t sp, const stack_t *alternate);

#endif
