/* The frame of a signal on a stack that is scanned.  The system leaves a place for every
 * register of the processor, and stores those only that are in use: in the other places
 * lies what was on the stack before, which is no root.  Registers that are stored are
 * never changed. */
#ifndef GCALLOC_WORLD_FRAME_H
#define GCALLOC_WORLD_FRAME_H

#include <ucontext.h>

/* Learns where the places of registers are.  Called before the first signal. */
void frame_begin(void);

/* Zeroes the places that hold no register, in the frame that a handler was called with. */
void frame_clear(ucontext_t *context);

#endif
