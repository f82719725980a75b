/* The recording of a program that runs, as far as it has been written. */
#ifndef GCALLOC_TOOLS_FOLLOW_H
#define GCALLOC_TOOLS_FOLLOW_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "replay.h"

struct follower {
    struct recording recording;
    struct replay replay;
    int file;             /* the recording's, open */
    struct stat status;   /* of the file, which says which one it is */
    off_t place;          /* what was read of it */
    unsigned char *bytes; /* a part that is read, twice */
};

/* Looks for the recording among the files that the process has open.  false: there is none that may be read. */
bool follow_begin(struct follower *f, pid_t process);

/* Adds what has come to f->replay, as far as the file goes now. */
void follow_on(struct follower *f);

/* Whether the process has the file open still: another program in its place has another recording. */
bool follow_is_current(const struct follower *f, pid_t process);

void follow_end(struct follower *f);

#endif
