/* The modes that look for what a program does wrong with its objects: what is looked at all at once,
 * in full collections and at the end of the program. */
#ifndef GCALLOC_MUTATOR_GUARD_H
#define GCALLOC_MUTATOR_GUARD_H

#include "heap/types.h"

/* What waits to be done: what was found in pauses is reported, and what has been freed for long enough is
 * anybody's.  In no critical section, where the program allocates. */
void guard_poll(struct heap *h);

/* Memory is asked for: of what was freed as much goes as may: all that waits for its time only, and what nothing
 * points to.  guard_let_go is for who has just collected.  In no critical section. */
void guard_give_back(struct heap *h);
void guard_let_go(struct heap *h);

/* Whether what is freed waits. */
bool guard_keeps_freed(void);

/* Whether an option asks for it, and for more than the quarantine alone (held.h).  Then the heap needs a table of
 * sites. */
bool guard_is_wanted(void);

/* The heap has just been made.  The world lock is held. */
void guard_begin(struct heap *h);

/* The program ends: all is looked at once more. */
void guard_at_exit(void);

#endif
