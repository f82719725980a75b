/* Where the C library keeps the thread-specific values (pthread_setspecific) of a thread.
 * The values are not read here.  A place is only taken for known where the C library's
 * own pointer confirms it. */
#ifndef GCALLOC_BASE_SPECIFIC_H
#define GCALLOC_BASE_SPECIFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

/* Finds the place out, with a key of its own; once, before the world is first stopped. */
void specific_learn(void);

/* Whether the place is known.  If it is not, a thread's values are to be had from
 * pthread_getspecific only. */
bool specific_is_known(void);

/* SPECIFIC_BLOCKS is the number of blocks of words that may hold values, of
 * SPECIFIC_BLOCK_BYTES each.  specific_block returns one of them, or NULL, as a thread
 * gets them as it needs them.  `pointer` is the thread's pointer; the thread is stopped.
 * Values of deleted keys may still be there. */
enum { SPECIFIC_BLOCKS = 32, SPECIFIC_BLOCK_BYTES = 32 * 2 * sizeof(void *) };
const void *specific_block(uintptr_t pointer, size_t i);

#endif
