/* Whether a cycle is due, asked on the slow paths.  It decides from what was allocated
 * since the last cycle, and has the program's rest looked for (idle.h).  It runs nothing
 * while collections are disabled. */
#ifndef GCALLOC_COLLECT_TRIGGER_H
#define GCALLOC_COLLECT_TRIGGER_H

#include "collect/collector.h"

/* Called on the slow paths, in no critical section; it may change errno.  NULL: nobody wants to be.  Atomic. */
SHARED_DATA void (*trigger_hook)(void);

/* Runs a cycle if one is due and allowed.  Called before a cache takes a new run or a
 * large object its memory, in no critical section. */
void trigger_poll(struct collector *c);

#endif
