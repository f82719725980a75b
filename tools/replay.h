/* What a recording says of each call stack: who allocated, who held memory when there was most of it, and at the
 * end.  In sampled recordings the figures are estimates, and need not be whole numbers. */
#ifndef GCALLOC_TOOLS_REPLAY_H
#define GCALLOC_TOOLS_REPLAY_H

#include <stdint.h>

#include "recording.h"

/* Bytes that were asked for, and objects. */
struct amount {
    double bytes, objects;
};

/* What there is to know of objects, each an amount. */
enum measure {
    ALLOCATED,
    PEAK, /* alive when most bytes were */
    END,  /* alive at the end of the recording, or of what is looked at */
    TEMPORARY,
    LEAKED, /* alive at the end of the program, and nothing reaches it */
    MEASURES,
};

extern const char *const measure_names[MEASURES];

/* Lifetimes are the bytes that the program allocated meanwhile.  Class i is of those below 4^(i+5), the last of
 * all others; what was alive at the end has none. */
enum { LIFETIMES = 16 };
uint64_t lifetime_limit(unsigned class); /* 0: there is none */

/* Classes by the bytes that an object takes: to 32 KiB those of the heap (docs/size-classes.md), then one
 * for each doubling. */
enum { SIZES = 128 };
uint64_t size_limit(unsigned class); /* what is larger is in the next */

struct use {
    struct amount of[MEASURES];
    struct amount
        kept; /* what each leaked object alone keeps, which has leaked, too; not of samples */
    struct amount gone; /* freed, or found dead */
    double lifetimes;   /* of what is gone, the sum by object */
};

struct moment {
    double seconds;
    double live;                          /* bytes of objects */
    double allocated;                     /* bytes until then */
    uint64_t heap, resident, collections; /* the last until then */
    double pauses;                        /* seconds until then */
};

struct replay {
    const struct recording *recording;
    double until;     /* seconds; 0: all of it */
    struct use *uses; /* of each stack, by its number */
    struct use total;
    struct amount dead; /* found unreachable by collections */
    struct amount lifetimes[LIFETIMES];
    struct amount sizes[SIZES][MEASURES];
    struct amount (*types)[MEASURES]; /* of each type, by its number */
    double peak_seconds;              /* when it was, as far as times were told */
    struct moment *moments;
    size_t moment_count, moment_room;
    struct run *run; /* of a recording that goes on */
};

/* As if it had ended after so many seconds, as far as times were told; 0: all of it. */
void replay_run(struct replay *p, const struct recording *r, double until);

/* Counts the present part of a recording that is being written (recording_go_on).  `p` is zero before the first part.
 * There are no figures of the peak, and those of the end are of the end of the part. */
void replay_go_on(struct replay *p, const struct recording *r);

void replay_end(struct replay *p);

#endif
