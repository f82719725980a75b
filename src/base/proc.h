/* What the kernel tells of this process in /proc.  Nothing here is a cancellation point,
 * and all of it works in a pause.  What cannot be read is never taken for a process of
 * one thread. */
#ifndef GCALLOC_BASE_PROC_H
#define GCALLOC_BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens a file below /proc for reading, by a path such as "thread-self/maps" or
 * "self/task" (a directory with O_DIRECTORY in `flags`).  Returns -1 with errno if it
 * cannot be read, which says nothing of what would be in it.  The caller closes it by
 * sys_close.  "self" is named after the main thread, and where that has ended shows no
 * memory: "thread-self" does. */
int proc_open(const char *path, int flags);

/* Reads the beginning of a file below /proc, as a string.  Returns its length, or -1 with
 * errno if it cannot be read. */
ssize_t proc_read(const char *path, char *text, size_t bytes);

/* Room for the status of a process or thread, as proc_read_status reads it: Linux 6 has 60 lines in
 * 1,500 bytes. */
enum { PROC_STATUS_BYTES = 4096 };

/* Reads the status of a process or thread below /proc, as a string, each line up to its 128th
 * byte.  Returns its length, or -1 with errno if it cannot be read. */
ssize_t proc_read_status(const char *path, char *text, size_t bytes);

/* Calls visit with the name of each entry of an open directory of /proc, `.` and `..` among them.  Returns false
 * if it cannot be read. */
bool proc_each_entry(int directory, void (*visit)(void *argument, const char *name),
                     void *argument);

/* How many threads the process has, or 0 if that is not known.  With the descriptor that
 * proc_keep opens it works where /proc is not there any more. */
size_t proc_thread_count(void);

/* Opens a descriptor of /proc/self/status, as /proc may be about to go, and keeps it. */
void proc_keep(void);

/* Opens the descriptor of proc_keep, if it is not wanted yet.  Called before each thread
 * begins, as it may be the first: when several threads have the table of descriptors, and
 * it is enlarged, the kernel waits 6 to 22 milliseconds (measured) for all processors. */
void proc_expect_threads(void);

/* Forgets that the descriptor is wanted, in the child of a fork, which has one thread. */
void proc_forked(void);

/* Whether a filter of system calls is set for this thread, or that is not known.  A filter may end the process
 * for a call that it does not expect. */
bool proc_is_filtered(void);

/* Whether the numbers of threads in /proc are those that system calls have.  They are not
 * where it is another name space's. */
bool proc_has_our_numbers(void);

#endif
