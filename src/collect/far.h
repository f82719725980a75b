/* Grey objects of a heap in a file that is larger than memory: taken from the grey queue in the order in which they
 * lie, so that each pass over the file reads a page once for all that is grey in it, and their pages are asked for
 * before they are read, many at a time.
 *
 * Who takes goes upward, and begins anew at the lowest when nothing is grey above.  The grey queue is appended to
 * as ever; its items are put into the order of a binary heap (Williams, 1964) when one is taken, by their distances
 * from where who takes has come to.  As the least one is taken each time, distances keep their order. */
#ifndef GCALLOC_COLLECT_FAR_H
#define GCALLOC_COLLECT_FAR_H

#include "collect/grey_queue.h"

enum {
    FAR_AHEAD = 256, /* objects asked for together: disks serve many requests at once */
    FAR_RANGE = KIB(128), /* bytes of a longer range that are asked for at once */
};

/* Of one marker, in one cycle. */
struct far {
    size_t ordered;      /* the first items of the grey queue that are in order */
    uintptr_t position;  /* what was taken last begins there */
    uintptr_t low, high; /* a range to be asked for */
    uintptr_t asked;     /* the end of the last that was */
    /* [next, end) were asked for, in order, and not taken yet. */
    struct grey ahead[FAR_AHEAD];
    unsigned next, end;
};

/* Begins a cycle, in which the queue is empty. */
void far_begin(struct far *f);

/* Takes up to `most` items from the queue, the least first.  Returns how many. */
size_t far_take(struct far *f, struct grey_queue *l, struct grey *to, size_t most);

#endif
