/* What `gcalloc top` knows of a process at a moment, and how it is shown. */
#ifndef GCALLOC_TOOLS_TOP_H
#define GCALLOC_TOOLS_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "live.h"
#include "top_sites.h"

/* What the process told last. */
struct told {
    double seconds;
    uint64_t heap, heap_most, objects, resident; /* bytes */
    uint64_t allocated, freed; /* bytes until now, by the recording if there is one */
    uint64_t collections, pauses, pause_last, pause_most; /* nanoseconds */
};

/* What there was of it in a second. */
struct rates {
    double allocated, freed, collections, paused;
};

struct top {
    const struct live_wanted *wanted;
    struct told told;
    struct rates rates;
    struct top_sites sites;
};

/* Asks the process, and reads on in its recording.  DONE, or it is said what is wrong. */
int top_look(struct top *t);

/* Takes the terminal, if there is one that can be used.  Then it is top_screen's, which shows all until the user ends it,
 * or the process ends: DONE, or it is said what is wrong. */
bool top_has_screen(void);
int top_screen(struct top *t);

#endif
