/* System calls made directly.  The C library's functions of these names are cancellation
 * points, at which a thread may end with locks of the heap held, and may be another's: a
 * library that stands in front of them, or, of mmap, mprotect and madvise, this one's, which take
 * note of what the program does to its objects.  These are neither.  They are called anywhere, also in
 * a pause; each sets errno and returns -1 where it fails, as the C library's does. */
#ifndef GCALLOC_BASE_SYS_H
#define GCALLOC_BASE_SYS_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/bits.h"

/* Opens a file, by a path that is relative to the directory `at` (AT_FDCWD: to the present
 * one).  The descriptor is closed by exec. */
INLINE int sys_open_at(int at, const char *path, int flags)
{
    return (int)syscall(SYS_openat, at, path, flags | O_CLOEXEC, 0666);
}

INLINE int sys_open(const char *path, int flags)
{
    return sys_open_at(AT_FDCWD, path, flags);
}

INLINE ssize_t sys_read(int file, void *bytes, size_t count)
{
    return (ssize_t)syscall(SYS_read, file, bytes, count);
}

INLINE ssize_t sys_write(int file, const void *bytes, size_t count)
{
    return (ssize_t)syscall(SYS_write, file, bytes, count);
}

INLINE void sys_close(int file)
{
    syscall(SYS_close, file);
}

/* Anonymous memory, or MAP_FAILED. */
INLINE void *sys_map(void *address, size_t bytes, int protection, int flags)
{
    return (void *)syscall(SYS_mmap, address, bytes, protection,
                           flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, (off_t)0);
}

INLINE int sys_protect(void *address, size_t bytes, int protection)
{
    return (int)syscall(SYS_mprotect, address, bytes, protection);
}

INLINE int sys_advise(void *address, size_t bytes, int advice)
{
    return (int)syscall(SYS_madvise, address, bytes, advice);
}

#endif
