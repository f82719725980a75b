/* The control blocks of threads, of those that have ended too: the C library keeps a
 * block together with the stack for a thread to come, and with it memory that it has
 * allocated for the thread and that nothing else points to.  What the memory holds is
 * scanned elsewhere.  A block that is not there any more is never read but by the kernel. */
#ifndef GCALLOC_WORLD_CONTROL_H
#define GCALLOC_WORLD_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "world/bounds.h"

/* Notes the calling thread's block, which is found by its thread pointer, and the bounds of
 * the stack that the C library keeps with it (0, 0 if the memory is the program's); the world
 * lock is held.  A block that the library has no memory to note is forgotten: a leak report
 * may then name what hangs from it, and take what its stack still holds for pointers. */
void control_note(uintptr_t pointer, struct bounds stack);

/* Returns where the memory of the vectors of thread-local variables begins that the noted
 * blocks point to now, *count words; words that are no address of a vector are among
 * them.  The world is stopped, and its lock is held. */
const uintptr_t *control_vectors(size_t *count);

/* Calls `visit` with the bounds of each stack that was noted and is still there, with its
 * block: of threads that live, and of those that have ended, which stays as it was left.  The
 * world is stopped, and its lock is held. */
void control_each_stack(void (*visit)(void *argument, uintptr_t low, uintptr_t high),
                        void *argument);

/* Checks that the table finds every block that was noted, and has room.  The world lock
 * is held. */
void control_check(void);

#endif
