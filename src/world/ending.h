/* Ends of the program that no destructor comes to: by a signal that it has left to the system, by _exit, and by exec,
 * which puts another program in its place.  A hook is told before; what happens then is what would have happened, and a
 * second signal meanwhile ends the process at once.
 *
 * For such signals the kernel has a handler of the library's, of which the program is told nothing: where it asks,
 * or has set it, the action is SIG_DFL.  The hook learns nothing of SIGKILL, of a signal whose action the
 * program has set past the C library, of _exit in a child of vfork, of exec in a child of fork or vfork or in a handler of
 * a fault, of a fault in a critical section of the library's, and of a stack that has overflowed where there is no
 * alternate one. */
#ifndef GCALLOC_WORLD_ENDING_H
#define GCALLOC_WORLD_ENDING_H

#include <signal.h>
#include <stdbool.h>

struct ending_hooks {
    /* The program is about to end; called in a handler if there is a signal, by whichever thread it came to.  It may be
     * called again while it runs: by another thread, or by a fault of its own.  Returns whether it was the first. */
    bool (*ends)(void);
    /* It has not ended after all, as what exec was to run cannot be run; called if `ends` returned true. */
    void (*goes_on)(void);
    /* What _exit is to pass on in place of this status, after `ends`. */
    int (*status)(int status);
};

/* From now on the hooks are called, which stay where they are.  Set once, when signals have been set up. */
void ending_watch(const struct ending_hooks *hooks);

/* Whether exec would be the end of the program: it is watched, and no child of fork or vfork, in which another program
 * takes the place of a copy. */
bool ending_is_watched(void);

/* Tells the hook of exec, which is about to be called.  false: it may not be told here, or had been told before. */
bool ending_tell(void);

/* exec has failed, and the hook had been told. */
void ending_take_back(void);

/* What the kernel is to have in the place of the program's action. */
struct sigaction ending_action(int number, const struct sigaction *action);

/* Whether the action is the library's, and the program's is SIG_DFL. */
bool ending_is_ours(const struct sigaction *action);

#endif
