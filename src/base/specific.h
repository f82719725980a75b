/* Where the C library keeps the thread-specific values (pthread_setspecific) of a thread. */
#ifndef GCALLOC_BASE_SPECIFIC_H
#define GCALLOC_BASE_SPECIFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

/* Finds out, with a key of its own; once, before the world is first stopped. */
void specific_learn(void);

/* It is known.  If not, a thread's values are to be had from pthread_getspecific only. */
bool specific_is_known(void);

/* The number of blocks of words that may hold values, of SPECIFIC_BLOCK_BYTES each, and
 * one of them, or NULL: a thread gets them as it needs them.  `pointer` is the thread's
 * pointer; it is stopped.  Values of deleted keys may still be there. */
enum { SPECIFIC_BLOCKS = 32, SPECIFIC_BLOCK_BYTES = 32 * 2 * sizeof(void *) };
const void *specific_block(uintptr_t pointer, size_t i);

#endif
