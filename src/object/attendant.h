/* A thread of the library's that runs the program's code: finalizers, by option, and what is to
 * be called after a collection by another of the library's threads, which may not.  It starts
 * when it is needed for the first time, is stopped by collections as threads of the program are,
 * and does not keep the process alive. */
#ifndef GCALLOC_OBJECT_ATTENDANT_H
#define GCALLOC_OBJECT_ATTENDANT_H

#include <stdbool.h>

/* It has something to do: it calls work(), again and again until it is not woken meanwhile.  Starts
 * it if there is none; it is always the same function.  false: it cannot be started now. */
bool attendant_wake(void (*work)(void));

/* The calling thread is that. */
bool attendant_is_me(void);

#endif
