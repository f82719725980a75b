/* Messages to the user, one line each, on stderr or where option `log_file` says.  A
 * descriptor that has become another file's is not written to.  No memory is allocated;
 * errno is kept. */
#ifndef GCALLOC_BASE_LOG_H
#define GCALLOC_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* Logs a line.  "gcalloc: " is put in front and a newline behind; a line over 500 bytes
 * is cut. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sets where the lines go from now on: the file is created or appended to.  Returns false
 * with errno if it cannot be opened; lines still go where they went. */
bool log_open(const char *path);

/* Writes bytes to where the lines go, as they are. */
void log_write(const char *bytes, size_t count);

/* From log_hold to log_let_go lines wait: for a pause, in which whoever reads them may be
 * stopped.  4 KiB of them are kept.  Called by one thread at a time; errno may change. */
void log_hold(void);
void log_let_go(void);

/* Has lines go to descriptor 2 from now on, as it is now: nothing is written to it if it
 * becomes another file.  That is so from the start, with the file that it was then. */
void log_use_stderr(void);

#endif
