/* What the kernel keeps for the process in files of epoll: with each descriptor that is watched a word of the
 * program's, which is a pointer in most programs. */
#ifndef GCALLOC_BASE_POLLS_H
#define GCALLOC_BASE_POLLS_H

#include <stdbool.h>
#include <stdint.h>

/* Calls visit with each word that a file of epoll has which is a descriptor of the process, in no order.
 * Returns false if not all could be found out, as without /proc, without a free descriptor, or where the system has
 * not told of any yet.  No memory is allocated and no lock is taken. */
bool polls_walk(void (*visit)(void *argument, uint64_t word), void *argument);

#endif
