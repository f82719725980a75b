/* The control blocks of threads, of those that have ended too: the C library keeps a block
 * together with the stack for a thread to come, and with it memory that it has allocated for
 * the thread and that nothing else points to. */
#ifndef GCALLOC_WORLD_CONTROL_H
#define GCALLOC_WORLD_CONTROL_H

#include <stddef.h>
#include <stdint.h>

/* The calling thread's block is here, by its thread pointer; the world lock is held.  A block
 * that the library has no memory to note is forgotten: a leak report may then name what hangs
 * from it. */
void control_note(uintptr_t pointer);

/* Where the memory of the vectors of thread-local variables begins that the noted blocks point
 * to now, *count words; words that are no address of a vector are among them.  The world is
 * stopped, and its lock is held. */
const uintptr_t *control_vectors(size_t *count);

/* The table finds every block that was noted, and has room.  The world lock is held. */
void control_check(void);

#endif
