/* Pages that lie at several places of the process at once: those of a file in memory that has no name and
 * belongs to the library.  It is not open to other processes, but for children, which have it as it was.
 *
 * All sizes, addresses and places are multiples of OS_PAGE.  Functions that return bool have changed nothing that
 * the process sees if they return false.  The world is stopped, or the caller sees to it otherwise that nobody
 * uses the memory meanwhile. */
#ifndef GCALLOC_BASE_OS_SHARE_H
#define GCALLOC_BASE_OS_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/descriptor.h"

/* Makes a file in memory that has no name, and is never to be executed: some systems refuse any other
 * (vm.memfd_noexec), and Linux before 6.3 does not know of it.  Returns its descriptor, or -1. */
int os_memory_file(void);

struct os_share {
    struct descriptor file;
    uint64_t bytes; /* of the file so far */
    /* What os_share_begin found: the number of the file, or -1, and to where the process may write. */
    int number;
    uint64_t limit;
};

/* Makes the file, with nothing in it.  Returns false if the system has no such files, or has no room. */
bool os_share_open(struct os_share *s);

/* Looks whether the file is still there, as a program may close every descriptor that it finds, and how far it may
 * be written.  What follows until the world goes on counts on that.  Returns false if the file is gone. */
bool os_share_begin(struct os_share *s);

/* Copies memory into the file.  Returns false if the file is gone, or may not grow, or there is no memory. */
bool os_share_fill(struct os_share *s, uint64_t place, const void *from, size_t bytes);

/* Maps part of the file over what is at the address.  What is written there is in the file, and wherever else
 * that part is mapped; with `apart` it is the process's own from then on, page by page. */
bool os_share_map(const struct os_share *s, uint64_t place, void *address, size_t bytes,
                  bool apart);

/* Puts memory of nobody's file in the place of what is at the address.  It reads as zero. */
bool os_share_unmap(void *address, size_t bytes);

/* Gives the memory of part of the file back, which reads as zero then: that which is mapped at the address, and that at
 * a place of the file, which is mapped nowhere any more.  Only advice. */
void os_share_drop_at(void *address, size_t bytes);
void os_share_drop(const struct os_share *s, uint64_t place, size_t bytes);

/* Closes the file, which lives on as long as part of it is mapped somewhere. */
void os_share_close(struct os_share *s);

#endif
