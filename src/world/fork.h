/* fork of a program with threads. */
#ifndef GCALLOC_WORLD_FORK_H
#define GCALLOC_WORLD_FORK_H

/* Has fork give the child a sound heap, from now on. */
void fork_watch(void);

/* Around questions to the dynamic loader: a fork waits for their end, as the child could
 * not unlock what another thread had locked.  Not in a critical section. */
void fork_hold_off(void);
void fork_let_go_on(void);

#endif
