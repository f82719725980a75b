/* A file that the library writes to, by a descriptor that the program may close, and
 * whose number the program's own files may get afterwards.  So a descriptor is out of the
 * way, and before each write it is compared with the file that was opened, by device and
 * inode: what is another file is never written to.  No write is a cancellation point,
 * raises SIGPIPE or SIGXFSZ, or waits for a reader for long. */
#ifndef GCALLOC_BASE_SINK_H
#define GCALLOC_BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/descriptor.h"

struct sink {
    struct descriptor file;
};

#define SINK_NONE               \
    {                           \
        .file = {.number = -1 } \
    }

/* Takes a descriptor of somebody else's, which stays where it is, as it is now. */
void sink_take(struct sink *s, int file);

/* Opens a file to append to, creates it if need be, and closes what was open before,
 * unless that was taken.  A FIFO without a reader is an error.  Returns false with errno,
 * and then the sink is as it was before. */
bool sink_open(struct sink *s, const char *path);

void sink_close(struct sink *s);

/* What is written to `s` goes from now on to the file of `by`, which is to be closed
 * then.  A descriptor of s's own keeps its number: who is about to write to it is not to
 * find that closed, or another file's. */
void sink_replace(struct sink *s, struct sink *by);

/* Between these two no other process that does so, too, writes to the file: advisory, by flock, and for ten seconds at
 * most that one waits. */
void sink_lock(const struct sink *s);
void sink_unlock(const struct sink *s);

/* Writes bytes.  Returns false if the descriptor is closed, or another file's now.  What
 * cannot be written is left out. */
bool sink_write(struct sink *s, const char *bytes, size_t count);

/* Writes bytes to a descriptor that is known to be the library's.  Returns how many were written;
 * if that is not all, errno says why. */
size_t sink_write_file(int file, const void *bytes, size_t count);

/* Writes bytes to a file by a descriptor for these bytes only. */
void sink_write_apart(const char *path, const char *bytes, size_t count);

#endif
