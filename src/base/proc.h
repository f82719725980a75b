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

/* How many threads the process has; 0: not known.  With the descriptor that proc_keep opens it works
 * where /proc is not there any more. */
size_t proc_thread_count(void);

/* Opens a descriptor of /proc/self/status, as /proc may be about to go, and keeps it. */
void proc_keep(void);

/* Before each thread begins: opens it, if it is not wanted yet.  Before, as it may be the first: when
 * several threads have the table of descriptors, and it is enlarged, the kernel waits 6 to 22
 * milliseconds (measured) for all processors. */
void proc_expect_threads(void);

/* Child of a fork, which has one thread. */
void proc_forked(void);

/* The numbers of threads in /proc are those that system calls have.  Not so where it is another
 * name space's. */
bool proc_has_our_numbers(void);

#endif
