/* What becomes of a thread: the states of its life as a mutator, and whether a stop needs it to do
 * anything.  Which state may follow which is in one table each, and each change goes through one
 * function, which looks there, in every build: a thread that a stop counts on by mistake runs while
 * its objects are reclaimed. */
#ifndef GCALLOC_WORLD_LIFE_H
#define GCALLOC_WORLD_LIFE_H

#include <stdbool.h>
#include <stdint.h>

enum life {
    LIFE_NONE,     /* the record is nobody's */
    LIFE_STARTING, /* not running yet; its argument is a root */
    LIFE_LIVING,   /* stopped by every stop of the world */
    LIFE_FINISHED, /* its cache is gone; its result is a root until it is joined */
    LIVES,
};

/* Whether a stop needs the thread to do anything. */
enum safety {
    SAFETY_NONE, /* it runs */
    /* It is parked, or keeps away from the heap.  It is as good as stopped, and free to
     * leave; a parked thread leaves once the stop is over. */
    SAFETY_SAFE,
    SAFETY_CLAIMED, /* SAFE, and a stop that lasts counts on it */
    SAFETY_AWAITED, /* CLAIMED, and the thread waits to leave */
    SAFETIES,
};

/* Whether a thread, or its record, may go from the one state to the other. */
bool life_follows(enum life from, enum life to);
bool safety_follows(enum safety from, enum safety to);

/* Changes the state of a life: by the thread itself from STARTING to LIVING, else under
 * the world lock.  Atomic. */
void life_change(enum life *life, enum life to);

/* Changes a safety from the one state to the other; returns false if it is not the one.
 * Called by the thread itself and its signal handlers, and by whoever stops the world.
 * Atomic. */
bool safety_change(uint32_t *safety, enum safety from, enum safety to);

#endif
