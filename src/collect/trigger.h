/* Whether a cycle is due: asked on the slow paths, of the library's own accord.  It decides from
 * what was allocated since the last one, and has the program's rest looked for (idle.h). */
#ifndef GCALLOC_COLLECT_TRIGGER_H
#define GCALLOC_COLLECT_TRIGGER_H

#include "collect/collector.h"

/* Called before a cache takes a new run or a large object its memory, in no critical section:
 * runs a cycle if one is due and allowed. */
void trigger_poll(struct collector *c);

#endif
