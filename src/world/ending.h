/* Ends of the process that no destructor comes to: by a signal that the program has left to the system, and by
 * _exit.  A hook is told before; what happens then is what would have happened, and a second signal meanwhile
 * ends the process at once.
 *
 * For such signals the kernel has a handler of the library's, of which the program is told nothing: where it asks,
 * or has set it, the action is SIG_DFL.  The hook learns nothing of SIGKILL, of a signal whose action the
 * program has set past the C library, of _exit in a child of vfork, of a fault in a critical section of the
 * library's, and of a stack that has overflowed where there is no alternate one. */
#ifndef GCALLOC_WORLD_ENDING_H
#define GCALLOC_WORLD_ENDING_H

#include <signal.h>
#include <stdbool.h>

/* From now on the hook is called when the process is about to end, in a handler if there is a signal, by whichever
 * thread it came to.  It may be called again while it runs: by another thread, or by a fault of its own.  Set
 * once, when signals have been set up. */
void ending_watch(void (*hook)(void));

/* What the kernel is to have in the place of the program's action. */
struct sigaction ending_action(int number, const struct sigaction *action);

/* Whether the action is the library's, and the program's is SIG_DFL. */
bool ending_is_ours(const struct sigaction *action);

#endif
