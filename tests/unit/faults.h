/* What the library has told of as faults of the program. */
#ifndef GCALLOC_UNIT_FAULTS_H
#define GCALLOC_UNIT_FAULTS_H

#include "mutator/fault.h"

struct faults_seen {
    struct fault last;
    unsigned count;
};

extern struct faults_seen seen;

/* From now on they are noted, and not reported. */
void faults_note(void);

#endif
