/* The control blocks of threads, of those that have ended too: the C library keeps a
 * block together with the stack for a thread to come, and with it memory that it has
 * allocated for the thread and that nothing else points to.  What the memory holds is
 * scanned elsewhere.  A block that is not there any more is never read but by the kernel. */
#ifndef GCALLOC_WORLD_CONTROL_H
#define GCALLOC_WORLD_CONTROL_H

#include <stddef.h>
#include <stdint.h>

/* Notes the calling thread's block, which is found by its thread pointer; the world lock
 * is held.  A block that the library has no memory to note is forgotten: a leak report
 * may then name what hangs from it. */
void control_note(uintptr_t pointer);

/* Returns where the memory of the vectors of thread-local variables begins that the noted
 * blocks point to now, *count words; words that are no address of a vector are among
 * them.  The world is stopped, and its lock is held. */
const uintptr_t *control_vectors(size_t *count);

/* Checks that the table finds every block that was noted, and has room.  The world lock
 * is held. */
void control_check(void);

#endif
