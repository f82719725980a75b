/* Sockets by names that are in no folder ("abstract", unix(7)), for those who ask this process something.  No
 * call waits but local_wait, which has a limit; none is a cancellation point or raises SIGPIPE.  Descriptors are
 * closed by exec, and by sys_close. */
#ifndef GCALLOC_BASE_LOCAL_H
#define GCALLOC_BASE_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Gives the calling thread a table of descriptors of its own, which is empty: nothing that the program does to its
 * descriptors changes it, nor is there a copy of it in a child.  Returns false with errno; needs Linux 5.9. */
bool local_begin_table(void);

/* Each returns a descriptor, or -1 with errno.  The alarm can be read, as local_wait finds out, once the signal,
 * which the calling thread blocks, is there for it. */
int local_listen(const char *name);
int local_accept(int listening);
int local_alarm(int signal);

/* The user whom the process at the other end had when it connected; false: it is not known. */
bool local_peer(int file, uid_t *user);

enum local_events { LOCAL_INPUT, LOCAL_ROOM };
enum local_wait { LOCAL_READY, LOCAL_ALARM, LOCAL_LATE };

/* Waits for the descriptor or the alarm, until it is `until` by os_now (UINT64_MAX: for ever). */
enum local_wait local_wait(int file, enum local_events events, int alarm, uint64_t until);

/* As read and write, but they do not wait: -1 with EAGAIN. */
ssize_t local_receive(int file, void *bytes, size_t count);
ssize_t local_send(int file, const void *bytes, size_t count);

#endif
