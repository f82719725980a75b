/* Whether memory is short: for what part of the time some task of the control group, or of the machine, has
 * waited for it, as the kernel tells (pressure stall information).  A look costs two calls of the
 * system.  Where the kernel tells nothing, memory is never short. */
#ifndef GCALLOC_BASE_PRESSURE_H
#define GCALLOC_BASE_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/descriptor.h"

/* What one process knows of it.  All zero: nothing. */
struct pressure {
    bool known; /* `file` has been taken.  Atomic */
    struct descriptor file;
    uint64_t looked;  /* os_now, of the last look; 0: there was none.  Atomic */
    uint64_t stalled; /* microseconds that tasks had waited by then.  Atomic */
};

enum {
    PRESSURE_ALL = 1000,     /* some task has waited at any time */
    PRESSURE_NOT_KNOWN = -1, /* now: it is too early for another look, or nobody tells */
    PRESSURE_STEP = 250,     /* milliseconds between two looks at least */
};

/* Finds what tells of it, by cgroup_open_pressure(root).  The descriptor stays.  Called once, in a running
 * world. */
void pressure_begin(struct pressure *p, const char *root);

/* The part of the time since the last look, in thousandths, or PRESSURE_NOT_KNOWN.  `now` is os_now.  Of
 * threads that look at once one is told. */
int pressure_look(struct pressure *p, uint64_t now);

#endif
