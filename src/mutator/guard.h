/* The mode that looks for what a program does wrong with its objects: what is looked at all at once,
 * in full collections and at the end of the program. */
#ifndef GCALLOC_MUTATOR_GUARD_H
#define GCALLOC_MUTATOR_GUARD_H

#include "heap/types.h"

/* Whether an option asks for it.  Then the heap needs a table of sites. */
bool guard_is_wanted(void);

/* The heap has just been made.  The world lock is held. */
void guard_begin(struct heap *h);

/* How many faults were found in a pause and wait for guard_tell.  Atomic. */
SHARED_DATA uint32_t guard_untold;

/* Reports what was found in pauses.  In no critical section. */
void guard_tell(void);

INLINE void guard_poll(void)
{
    if (UNLIKELY(__atomic_load_n(&guard_untold, __ATOMIC_RELAXED) > 0))
        guard_tell();
}

/* The program ends: all is looked at once more. */
void guard_at_exit(void);

#endif
