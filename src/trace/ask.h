/* Around what asks the dynamic loader or libunwind, which take locks of their own.  How a question
 * is asked is the world's to say, which lies above: it fills in a hook.  A question is never asked
 * in a critical section or in a pause. */
#ifndef GCALLOC_TRACE_ASK_H
#define GCALLOC_TRACE_ASK_H

#include "base/bits.h"

/* Calls question(argument) on a stack of the library's own, as libunwind needs 10 KiB.  A fork
 * waits for the end, and no handler of the program runs on this thread meanwhile: one might
 * fork, or wait for who forks. */
void ask_run(void (*question)(void *), void *argument);

/* Asks a question, for ask_run.  Set at the start, before there is a thread that could
 * ask; until then, and in a program without the world, a question is asked where the
 * thread is. */
SHARED_DATA void (*ask_hook)(void (*question)(void *), void *argument);

#endif
