/* mprotect and its like, in front of the C library's: where the program changes what may be done
 * with pages of its objects, the heap takes note, so that such pages do not come to another object
 * as they are.  All else about these calls is as ever; a range outside of the heap is two compares.
 * What is changed by a system call made directly is found when marking cannot read it. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "heap/altered.h"
#include "heap/heap.h"
#include "world/next.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* In programs that are linked statically most of the C library's functions have these names too. */
extern int __mprotect(void *, size_t, int) __attribute__((weak));
extern int __madvise(void *, size_t, int) __attribute__((weak));
extern void *__mmap(void *, size_t, int, int, int, off_t) __attribute__((weak));

static __typeof__(&mprotect) next_mprotect(void)
{
    return NEXT(mprotect, __mprotect);
}

static __typeof__(&madvise) next_madvise(void)
{
    return NEXT(madvise, __madvise);
}

static __typeof__(&mmap) next_mmap(void)
{
    return NEXT(mmap, __mmap);
}

/* Sought before a callback of the loader, or a handler, may need them. */
__attribute__((constructor)) static void find_next(void)
{
    next_mprotect();
    next_madvise();
    next_mmap();
}

static void note(const void *address, size_t bytes)
{
    uintptr_t low = (uintptr_t)address;
    if (process_heap.base)
        altered_note(&process_heap, low, low + bytes > low ? low + bytes : UINTPTR_MAX);
}

enum { USUAL = PROT_READ | PROT_WRITE };

EXPORTED int mprotect(void *address, size_t bytes, int protection)
{
    if (protection != USUAL)
        note(address, bytes);
    return next_mprotect()(address, bytes, protection);
}

EXPORTED int madvise(void *address, size_t bytes, int advice)
{
    if (advice == MADV_GUARD_INSTALL || advice == MADV_DONTFORK ||
        advice == MADV_WIPEONFORK)
        note(address, bytes);
    return next_madvise()(address, bytes, advice);
}

EXPORTED void *mmap(void *address, size_t bytes, int protection, int flags, int file,
                    off_t offset)
{
    if (flags & MAP_FIXED)
        note(address, bytes);
    return next_mmap()(address, bytes, protection, flags, file, offset);
}

#ifdef __GLIBC__
_Static_assert(sizeof(off_t) == sizeof(off64_t), "one function for both");

EXPORTED void *mmap64(void *address, size_t bytes, int protection, int flags, int file,
                      off64_t offset)
{
    return mmap(address, bytes, protection, flags, file, offset);
}

/* No more than the system call, which the C library has no other name for. */
EXPORTED int pkey_mprotect(void *address, size_t bytes, int protection, int key)
{
    note(address, bytes);
    return (int)syscall(SYS_pkey_mprotect, address, bytes, protection, key);
}
#endif
