/* Signals of the program that arrive in a critical section, or on a stack of the
 * library's: they are put off to its end.  Meanwhile all others but those of faults are
 * blocked, so one is all there ever is; a fault is handled at once.  No signal is lost,
 * and no handler is called here. */
#ifndef GCALLOC_WORLD_DEFER_H
#define GCALLOC_WORLD_DEFER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Puts off the signal of a handler that has begun in this context, if it arrived in a
 * critical section or on a stack of the library's and is no fault.  Returns true if it
 * did: the signal waits, and the handler returns. */
bool defer_signal(int number, siginfo_t *information, ucontext_t *context);

/* Gives a signal back what it carried at first, if it had to be sent again without, as
 * the system's queue had no entry for it. */
void defer_give(siginfo_t *information);

/* Sends this thread again the signal that arrived inside of a critical section, if one
 * did.  Called at the section's end. */
void defer_resume(void);

/* Checks that a signal that waits for the calling thread is noted, so that the end of the
 * section finds it. */
void defer_check(void);

/* All signals but the stop signal and those of faults, which cannot wait: what is blocked
 * in a critical section once a signal is put off, and in the handler of a fault in one. */
uint64_t defer_mask(void);

#endif
