/* System calls made directly.  The C library's functions of these names are cancellation
 * points, at which a thread may end with locks of the heap held, and may be another's: a
 * library that stands in front of them, or, of mmap and its like, this one's, which take note of
 * what the program does to its objects.  These are neither.  They are called anywhere, also in
 * a pause; each sets errno and returns -1 where it fails, as the C library's does. */
#ifndef GCALLOC_BASE_SYS_H
#define GCALLOC_BASE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/bits.h"

/* Opens a file, by a path that is relative to the directory `at` (AT_FDCWD: the present
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

/* Tells of the file of a path, or, with AT_EMPTY_PATH and no path, of that of the
 * descriptor itself.  The structure is the kernel's, too, on 64-bit systems. */
INLINE int sys_stat_at(int at, const char *path, struct stat *found, int flags)
{
    return (int)syscall(SYS_newfstatat, at, path, found, flags);
}

/* The present limit of a resource, which is SIZE_MAX if there is none, or `unknown` where
 * the system does not say. */
INLINE size_t sys_limit(int resource, size_t unknown)
{
    struct {
        uint64_t now, most;
    } limit;
    return syscall(SYS_prlimit64, 0, resource, NULL, &limit) == 0 ? limit.now : unknown;
}

/* ---- Memory --------------------------------------------------------------------------

 * The sanitizers keep a record of what is mapped, and see the C library's calls only. */

/* Maps anonymous memory, or returns MAP_FAILED. */
INLINE void *sys_map(void *address, size_t bytes, int protection, int flags)
{
    flags |= MAP_PRIVATE | MAP_ANONYMOUS;
    if (GC_WATCHED_MEMORY)
        return mmap(address, bytes, protection, flags, -1, 0);
    return (void *)syscall(SYS_mmap, address, bytes, protection, flags, -1, 0L);
}

/* Maps part of a file to be read and written, or nobody's memory with file -1, over memory that is mapped
 * already: the sanitizers know of that.  Returns MAP_FAILED where it fails. */
INLINE void *sys_map_over(void *address, size_t bytes, int flags, int file,
                          uint64_t place)
{
    flags |= MAP_FIXED;
    return (void *)syscall(SYS_mmap, address, bytes, PROT_READ | PROT_WRITE, flags, file,
                           place);
}

INLINE int sys_unmap(void *address, size_t bytes)
{
    if (GC_WATCHED_MEMORY)
        return munmap(address, bytes);
    return (int)syscall(SYS_munmap, address, bytes);
}

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE \
    0x100000 /* Linux 4.17; older kernels take the address for a hint */
#endif

/* Maps anonymous memory at this address and nowhere else.  Returns MAP_FAILED, with errno
 * EEXIST if something is there. */
INLINE void *sys_map_at(void *address, size_t bytes, int protection)
{
    void *p = sys_map(address, bytes, protection, MAP_FIXED_NOREPLACE);
    if (p == address || p == MAP_FAILED)
        return p;
    sys_unmap(p, bytes);
    errno = EEXIST;
    return MAP_FAILED;
}

/* Takes the range out of what mlockall has locked, and so out of the limit of that. */
INLINE void sys_unlock(void *address, size_t bytes)
{
    int saved_errno = errno;
    syscall(SYS_munlock, address, bytes);
    errno = saved_errno;
}

INLINE int sys_protect(void *address, size_t bytes, int protection)
{
    if (GC_WATCHED_MEMORY)
        return mprotect(address, bytes, protection);
    return (int)syscall(SYS_mprotect, address, bytes, protection);
}

INLINE int sys_advise(void *address, size_t bytes, int advice)
{
    if (GC_WATCHED_MEMORY)
        return madvise(address, bytes, advice);
    return (int)syscall(SYS_madvise, address, bytes, advice);
}

INLINE int sys_in_core(void *address, size_t bytes, unsigned char *there)
{
    return (int)syscall(SYS_mincore, address, bytes, there);
}

#endif
