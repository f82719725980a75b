/* Walking the frames of a thread's own stack by their layouts, and knowing again the stacks
 * that were walked before. */
#ifndef GCALLOC_TRACE_WALK_H
#define GCALLOC_TRACE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/capture.h"

/* Gives the calling thread, whose stack has these bounds, what walking needs; without, or
 * where memory is short, it does not walk. */
void walk_begin(uintptr_t low, uintptr_t high);

/* Frees what walk_begin has given.  The thread may still ask for a walk, and gets
 * none. */
void walk_end(void);

/* Until walk_release the calling thread may use what follows, and room for CAPTURE_DEPTH_MAX
 * frames.  NULL: it cannot walk, or a signal handler interrupts a walk. */
uintptr_t *walk_claim(void);
void walk_release(void);

/* A place: the two innermost calls, and where the stack pointer is. */
enum { WALK_PLACE_FRAMES = 2 };
struct walk_place {
    uintptr_t ips[WALK_PLACE_FRAMES], sp;
    uint32_t seen;  /* so often since the thread has come to know it */
    uint32_t brief; /* for the caller: 0 at first */
};

/* The place of a call, which is counted there once more.  It is known until another comes to have its entry.
 * NULL: its frames cannot be walked. */
struct walk_place *walk_place(struct call call);

/* The frame that made the call that led to this one.  false: not known. */
bool walk_caller(struct call *call);

/* Stores the return addresses from a call on.  Returns how many; 0: the stack cannot be
 * walked. */
size_t walk_frames(struct call call, uintptr_t *frames, size_t depth);

/* The number of a stack that walk_remember got to know; 0: it is another.  Exact: all
 * words of the stack that the walk depended on are compared. */
uint32_t walk_recall(struct call call, size_t depth);

/* Remembers the stack that walk_frames has just stored, under its number in the depot. */
void walk_remember(struct call call, size_t depth, uint32_t number);

#endif
