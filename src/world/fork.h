/* fork of a program with threads. */
#ifndef GCALLOC_WORLD_FORK_H
#define GCALLOC_WORLD_FORK_H

/* Has fork give the child a sound heap, from now on. */
void fork_watch(void);

#endif
