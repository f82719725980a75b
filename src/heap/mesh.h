/* Compaction by meshing: pages of blocks whose objects do not overlap come to share memory, and objects stay where
 * they are (Powers, Tench, Berger, McGregor: Mesh, PLDI 2019).  It goes block by block through the heap, in rounds
 * of many short steps, each on a stopped world.  What pages in common mean is told in heap/mesh_pages.h.
 *
 * Blocks that caches draw from, that are tenured or have altered pages are left alone.  Where anything fails
 * (no memory, no room in the file, too many mappings) what has been meshed stays, and the round ends. */
#ifndef GCALLOC_HEAP_MESH_H
#define GCALLOC_HEAP_MESH_H

#include "heap/types.h"

/* From now on the heap can be meshed.  Returns false with errno if there is no memory for the tables, or the system
 * has no files in memory, or larger pages than the heap's, or the backend's memory may not be mapped over. */
bool mesh_start(struct heap *h);

/* Gives the tables and the file back, with the heap. */
void mesh_end(struct heap *h);

/* Takes pages without objects out of their frames: they hold no memory any more.  The world is stopped. */
void mesh_tidy(struct heap *h);

/* Goes on with the round, or begins one, which tidies first.  It looks at a few dozen blocks, and has a few dozen
 * pages join frames at most.  Returns false when the round has ended.  The world is stopped. */
bool mesh_step(struct heap *h);

/* The next round is not left out, as others were after rounds that came to nothing.  The world lock is held. */
void mesh_wake(struct heap *h);

/* A child is about to be made, which shares all frames: from now on what this process writes is its own, and
 * so is what the child does.  The world is stopped, or, with `stopped` false, part of it could not be. */
void mesh_before_fork(struct heap *h, bool stopped);

#endif
