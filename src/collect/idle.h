/* Memory goes back while the program rests: a thread of the library's own looks on, and has the
 * collector run.  There is one of the process, which looks at the first heap that becomes large. */
#ifndef GCALLOC_COLLECT_IDLE_H
#define GCALLOC_COLLECT_IDLE_H

#include "collect/collector.h"

/* The program uses the heap, on a slow path: whoever looks on starts over.  The thread is
 * started when the heap has become larger than what it always keeps.  Not in a critical section.
 * Changes errno. */
void idle_note(struct collector *c);

/* How many times memory has gone back for that reason. */
uint64_t idle_returns(void);

#endif
