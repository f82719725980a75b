/* mprotect, mmap and their like, in front of the C library's: where the program changes what may be
 * done with pages of its objects, the heap takes note, so that such pages do not come to another
 * object as they are; where it unmaps them, nobody else comes to have their addresses.  All else
 * about these calls is as ever; a range outside of the heap is two compares.
 * What is changed by a system call made directly is found when marking cannot read it. */
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/os.h"
#include "base/sys.h"
#include "heap/altered.h"
#include "heap/heap.h"
#include "world/next.h"

LINKED(protect);

#if !GC_TSAN /* which calls mmap before it can watch anything */

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* In programs that are linked statically most of the C library's functions have these names too, as
 * far as they are part of the program. */
extern int __mprotect(void *, size_t, int) __attribute__((weak));
extern int __madvise(void *, size_t, int) __attribute__((weak));
extern int __munmap(void *, size_t) __attribute__((weak));
extern void *__mremap(void *, size_t, size_t, int, ...) __attribute__((weak));
extern void *__mmap(void *, size_t, int, int, int, off_t) __attribute__((weak));

static int next_mprotect(void *address, size_t bytes, int protection)
{
    __typeof__(&mprotect) next = NEXT(mprotect, __mprotect);
    return next ? next(address, bytes, protection)
                : sys_protect(address, bytes, protection);
}

static int next_madvise(void *address, size_t bytes, int advice)
{
    __typeof__(&madvise) next = NEXT(madvise, __madvise);
    return next ? next(address, bytes, advice) : sys_advise(address, bytes, advice);
}

static int next_munmap(void *address, size_t bytes)
{
    __typeof__(&munmap) next = NEXT(munmap, __munmap);
    return next ? next(address, bytes) : sys_unmap(address, bytes);
}

static void *next_mmap(void *address, size_t bytes, int protection, int flags, int file,
                       off_t offset)
{
    __typeof__(&mmap) next = NEXT(mmap, __mmap);
    return next ? next(address, bytes, protection, flags, file, offset)
                : (void *)syscall(SYS_mmap, address, bytes, protection, flags, file,
                                  offset);
}

static void *next_mremap(void *old, size_t old_bytes, size_t bytes, int flags, void *to)
{
    __typeof__(&mremap) next = NEXT(mremap, __mremap);
    return next ? next(old, old_bytes, bytes, flags, to)
                : (void *)syscall(SYS_mremap, old, old_bytes, bytes, flags, to);
}

static uintptr_t end_of(const void *address, size_t bytes)
{
    uintptr_t low = (uintptr_t)address;
    return low + bytes > low ? low + bytes : UINTPTR_MAX;
}

static void note(const void *address, size_t bytes)
{
    if (process_heap.base)
        altered_note(&process_heap, (uintptr_t)address, end_of(address, bytes));
}

/* Of the heap's reservation, all of it. */
static bool is_reserved(const void *address, size_t bytes)
{
    uintptr_t low = process_heap.base + UNIT_BYTES;
    uintptr_t high = process_heap.base + RACING(process_heap.bytes);
    return process_heap.base && (uintptr_t)address >= low && bytes > 0 &&
           end_of(address, bytes) <= high;
}

/* Memory that cannot be used, in the place of what the program has unmapped. */
static void reserve(void *address, size_t bytes, int flags)
{
    int saved_errno = errno;
    sys_map(address, bytes, PROT_NONE, MAP_NORESERVE | flags);
    errno = saved_errno;
}

enum { USUAL = PROT_READ | PROT_WRITE };

EXPORTED int mprotect(void *address, size_t bytes, int protection)
{
    if (protection != USUAL)
        note(address, bytes);
    return next_mprotect(address, bytes, protection);
}

EXPORTED int madvise(void *address, size_t bytes, int advice)
{
    if (advice == MADV_GUARD_INSTALL || advice == MADV_DONTFORK ||
        advice == MADV_WIPEONFORK)
        note(address, bytes);
    return next_madvise(address, bytes, advice);
}

EXPORTED void *mmap(void *address, size_t bytes, int protection, int flags, int file,
                    off_t offset)
{
    if (flags & MAP_FIXED)
        note(address, bytes);
    return next_mmap(address, bytes, protection, flags, file, offset);
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

EXPORTED int munmap(void *address, size_t bytes)
{
    if (!is_reserved(address, bytes))
        return next_munmap(address, bytes);
    if ((uintptr_t)address % os_page_bytes() != 0)
        return errno = EINVAL, -1;
    note(address, bytes);
    return sys_map(address, bytes, PROT_NONE, MAP_NORESERVE | MAP_FIXED) == address ? 0
                                                                                    : -1;
}

/* What was moved away, or is the end of what was made smaller, is free for a moment. */
static void fill(char *old, size_t old_bytes, size_t bytes, const char *moved)
{
    size_t page = os_page_bytes();
    size_t kept = moved == old ? align_up(bytes, page) : 0;
    old_bytes = align_up(old_bytes, page);
    if (kept < old_bytes)
        reserve(old + kept, old_bytes - kept, MAP_FIXED_NOREPLACE);
}

EXPORTED void *mremap(void *old, size_t old_bytes, size_t bytes, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    void *to = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    bool reserved = is_reserved(old, old_bytes);
    if (reserved)
        note(old, old_bytes);
    if (to)
        note(to, bytes);
    void *moved = next_mremap(old, old_bytes, bytes, flags, to);
    if (reserved && moved != MAP_FAILED)
        fill(old, old_bytes, bytes, moved);
    return moved;
}

#endif
