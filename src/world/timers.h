/* What timers pass on to the program, sigev_value, to which else only the kernel or the C library's malloc has a pointer.
 * It is kept from timer_create to timer_delete. */
#ifndef GCALLOC_WORLD_TIMERS_H
#define GCALLOC_WORLD_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/bits.h"

struct timed {
    uintptr_t timer; /* what the C library takes for it */
    void *value;
};

/* Notes what a timer, which was just made, passes on. */
void timers_note(timer_t timer, void *value);

/* Forgets a timer that is about to be deleted. */
void timers_forget(timer_t timer);

/* The table, which is a root, and whether all timers are in it, for which there was memory.  The world is stopped. */
const struct timed *timers_table(size_t *count, bool *all);

/* Checks that no timer is in it twice, under the world lock. */
void timers_check(void);

/* Forgets all of them in the child of a fork, where there are none. */
void timers_forked(void);

#endif
