/* Around what asks the dynamic loader or libunwind, which take locks of their own. */
#ifndef GCALLOC_TRACE_ASK_H
#define GCALLOC_TRACE_ASK_H

#include <signal.h>

/* A fork waits for the end, and no handler of the program runs on this thread meanwhile: one
 * might fork, or wait for who forks.  Not in a critical section.  The world layer defines
 * these. */
void ask_begin(sigset_t *saved);
void ask_end(const sigset_t *saved);

#endif
