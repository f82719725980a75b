/* The program's signal handlers, which may allocate wherever they interrupt it. */
#ifndef GCALLOC_WORLD_HANDLERS_H
#define GCALLOC_WORLD_HANDLERS_H

#include <signal.h>
#include <stdbool.h>

/* sigaction of the C library, for the library itself. */
int handlers_set(int number, const struct sigaction *action, struct sigaction *old);

/* For the stop signal: its handler is called at once, whoever else watches signals. */
int handlers_set_stop(int number, const struct sigaction *action);

/* The calling thread is in a handler of the program, which may have interrupted the C library's
 * malloc. */
bool handlers_run(void);

/* At the end of a critical section: sends this thread again the signal that arrived
 * inside, if one did. */
void handlers_resume(void);

#endif
