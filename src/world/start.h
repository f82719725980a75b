/* The beginning of the world: when the library is loaded, what lies below is told of what lies
 * above; when the heap is made, threads can be stopped.  Of this folder only interpose.c refers
 * to it, so that it is in every program. */
#ifndef GCALLOC_WORLD_START_H
#define GCALLOC_WORLD_START_H

#include <stdbool.h>

/* Installs the handler of the signal that stops threads.  Returns false if there are no
 * stops.  Called once, before the heap is used. */
bool world_start(void);

#endif
