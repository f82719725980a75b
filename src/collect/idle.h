/* Memory goes back while the program rests: a thread of the library's own looks on, and
 * has the collector run.  There is one of the process, which looks at the first heap that
 * becomes large.  It never stops a program of one thread. */
#ifndef GCALLOC_COLLECT_IDLE_H
#define GCALLOC_COLLECT_IDLE_H

#include "collect/collector.h"

/* Notes on a slow path that the program uses the heap, so that the thread that looks on
 * starts over.  The thread is started when the heap has become larger than what it always
 * keeps.  Not called in a critical section.  Changes errno. */
void idle_note(struct collector *c);

/* How many times memory has gone back because the program rested. */
uint64_t idle_returns(void);

#endif
