/* Around what asks the dynamic loader or libunwind, which take locks of their own. */
#ifndef GCALLOC_TRACE_ASK_H
#define GCALLOC_TRACE_ASK_H

/* Calls question(argument) on a stack of the library's own, as libunwind needs 10 KiB.  A fork
 * waits for the end, and no handler of the program runs on this thread meanwhile: one might
 * fork, or wait for who forks.  Not in a critical section.  The world layer defines it. */
void ask_run(void (*question)(void *), void *argument);

#endif
