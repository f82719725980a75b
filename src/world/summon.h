/* Brings the registered threads to a stop. */
#ifndef GCALLOC_WORLD_SUMMON_H
#define GCALLOC_WORLD_SUMMON_H

#include <stdbool.h>

/* Part of a stop of the world: tells each registered thread but the calling one to stop, if
 * that `can_tell` them, and waits for it.  false: one of them runs on.  It blocks the signal,
 * or the system holds it: that is waited for once, a second or so, and said in the log; after
 * that, until the thread stops again, it is found out at once. */
bool summon(bool can_tell);

#endif
