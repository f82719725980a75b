/* The recording of a program that runs, as far as it has been written. */
#ifndef GCALLOC_TOOLS_FOLLOW_H
#define GCALLOC_TOOLS_FOLLOW_H

#include <stdbool.h>
#include <sys/types.h>

#include "replay.h"

struct follower {
    struct recording recording;
    struct replay replay;
    int file;             /* the recording's, open */
    off_t place;          /* what was read of it */
    unsigned char *bytes; /* a part that is read, twice */
};

/* Looks for the recording among the files that the process has open.  false: there is none that may be read. */
bool follow_begin(struct follower *f, pid_t process);

/* Adds what has come to f->replay. */
void follow_on(struct follower *f);

void follow_end(struct follower *f);

#endif
