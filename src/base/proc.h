/* What the kernel tells of this process in /proc. */
#ifndef GCALLOC_BASE_PROC_H
#define GCALLOC_BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens a file below /proc for reading, by a path such as "thread-self/maps" or "self/task"
 * (a directory with O_DIRECTORY in `flags`).  -1 with errno: it cannot be read, which says
 * nothing of what would be in it.  The caller closes it by sys_close.  "self" is named after
 * the main thread, and where that has ended shows no memory: "thread-self" does. */
int proc_open(const char *path, int flags);

/* The beginning of such a file, as a string.  Returns its length; -1 with errno: it cannot be
 * read. */
ssize_t proc_read(const char *path, char *text, size_t bytes);

/* How many threads the process has; 0: not known.  A descriptor of /proc/self/status is kept once
 * there are several, so that it works where /proc is not there any more. */
size_t proc_thread_count(void);

/* Opens that descriptor, as /proc may be about to go, or a second thread to begin. */
void proc_keep(void);

/* The numbers of threads in /proc are those that system calls have.  Not so where it is another
 * name space's. */
bool proc_has_our_numbers(void);

#endif
