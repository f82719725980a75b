/* Objects that only the kernel has a pointer to, as the word of a descriptor that epoll watches.
 *
 * Each address of an object that epoll_ctl is given is kept in a table, which is a root.  An address leaves it when
 * the kernel is found to have it no more, which also happens by a close of what was watched, of which nobody is
 * told: so the kernel is asked before a collection that somebody asked for, and otherwise when the table has
 * doubled. */
#ifndef GCALLOC_ROOTS_POLLED_H
#define GCALLOC_ROOTS_POLLED_H

#include <stdbool.h>

#include "roots/range.h"

/* Asks the kernel which addresses it still has, if there are any: always, or when there are twice as many as after the
 * last time.  Other threads run; no lock is held. */
void polled_refresh(bool always);

/* Adds the table.  The world is stopped. */
void polled_add(struct range_list *l);

/* Checks the table, under the world lock. */
void polled_check(void);

#endif
