/* Who goes first where memory is short.  A thread that has collected in vain, as others took what became free
 * before it could, has precedence for a while: others that need memory wait.  It is no lock, as the thread may
 * come to code of the program's that waits for one of the others: it expires by itself, and only delays. */
#ifndef GCALLOC_MUTATOR_PRECEDENCE_H
#define GCALLOC_MUTATOR_PRECEDENCE_H

#include <stdint.h>

#include "base/bits.h"

/* Whether a thread has it: 1, else 0.  Atomic; who waits waits for this word. */
SHARED_DATA uint32_t precedence_taken;

/* The calling thread has it from now on, for a second, after whoever has it now. */
void precedence_take(void);

/* It has it no more, if it had. */
void precedence_end(void);

/* Waits while another thread has it. */
void precedence_await(void);

/* Called before memory is taken that others may be short of. */
INLINE void precedence_yield(void)
{
    if (UNLIKELY(__atomic_load_n(&precedence_taken, __ATOMIC_RELAXED)))
        precedence_await();
}

#endif
