/* Reading memory of which a part may not be readable: guard pages, however they were made, and
 * mappings of files that have become shorter.
 *
 * This is for the time of a pause only, in which SIGSEGV and SIGBUS have a handler of the
 * library's.  It is not a way to find out what is mapped: whoever reads tries, and is told of
 * the failure.  A fault that no reader made is never swallowed: the program's handler is
 * called, at the end of the pause where it is another thread's, and outside of a pause the
 * program's actions are untouched. */
#ifndef GCALLOC_WORLD_FAULTS_H
#define GCALLOC_WORLD_FAULTS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Between faults_begin and faults_end, which are called with the world lock, faults_try
 * may be used.  Where the world is not stopped, a thread that makes a fault of its own waits. */
void faults_begin(void);
void faults_end(void);

/* Calls read(argument), which reads memory in [low, high) and has nothing to undo.
 * Returns false if a part cannot be read, where the call was abandoned. */
bool faults_try(void (*read)(void *), void *argument, uintptr_t low, uintptr_t high);

/* From now on `hook` is told of each fault of the program's that comes to be handled, before the program's handler
 * is called or the process ends: of the address that could not be used, and of what was interrupted.  Set once.
 * Where the program has no handler, the library has one, of which the program is told nothing. */
void faults_watch(void (*hook)(uintptr_t address, const ucontext_t *context));

/* Tells the hook, if there is one, of a signal that may be a fault. */
void faults_tell(int number, const siginfo_t *information, const void *context);

/* Says that the calling thread is a helper, whose own faults do not wait for the end of
 * the pause. */
void faults_except_me(void);

/* sigaction for the program: in a pause it changes what comes back at the pause's end. */
int faults_action(int number, const struct sigaction *action, struct sigaction *old);

/* Checks, in a pause, that the handlers of both signals are the library's. */
void faults_check(void);

/* Resets what is kept of faults in the child of a fork. */
void faults_forked(void);

#endif
