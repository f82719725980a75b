/* The program's signal handlers, which may allocate wherever they interrupt it: what the program
 * has set, and the handler of the library's that the kernel calls in its place.  Which action
 * the kernel has is not decided here but in sigaction.c, which stands in front of the C
 * library's. */
#ifndef GCALLOC_WORLD_HANDLERS_H
#define GCALLOC_WORLD_HANDLERS_H

#include <signal.h>
#include <stdbool.h>

/* The handler of the library's.  All signals but SIGSYS are blocked when it begins:
 * another handler would run on the cache that the interrupted code is changing. */
void handlers_call(int number, siginfo_t *information, void *context);

/* handlers_note notes what the program wants called from now on for a signal that
 * handlers_call handles; handlers_noted tells it. */
void handlers_note(int number, const struct sigaction *action);
struct sigaction handlers_noted(int number);

/* Whether the calling thread is in a handler of the program, which may have interrupted
 * the C library's malloc. */
bool handlers_run(void);

#endif
