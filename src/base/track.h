/* What the tools that watch memory must be told: valgrind, when its header is there at
 * build time, and AddressSanitizer, when the program has it.  The requests to valgrind are a few
 * no-ops when the program does not run under it.  A conservative scan branches on words that may
 * never have been written, and slow paths write to what is nobody's: between track_scan_begin and
 * track_scan_end that is no error. */
#ifndef GCALLOC_BASE_TRACK_H
#define GCALLOC_BASE_TRACK_H

#include <config.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bits.h"

#if HAVE_VALGRIND_MEMCHECK_H
#include <valgrind/memcheck.h>
#define TRACK_IS_WATCHED() (RUNNING_ON_VALGRIND != 0)
#define TRACK_SCAN_BEGIN() VALGRIND_DISABLE_ERROR_REPORTING
#define TRACK_SCAN_END() VALGRIND_ENABLE_ERROR_REPORTING
#define TRACK_IS_TOLD(byte, bits) (VALGRIND_GET_VBITS(byte, bits, 1) == 1)
#define TRACK_ALLOCATED(object, bytes) VALGRIND_MALLOCLIKE_BLOCK(object, bytes, 0, 1)
#define TRACK_FREED(object) VALGRIND_FREELIKE_BLOCK(object, 0)
#define TRACK_FORBID(address, bytes) VALGRIND_MAKE_MEM_NOACCESS(address, bytes)
#define TRACK_PERMIT(address, bytes) VALGRIND_MAKE_MEM_DEFINED(address, bytes)
#else
#define TRACK_IS_WATCHED() false
#define TRACK_SCAN_BEGIN() ((void)0)
#define TRACK_SCAN_END() ((void)0)
#define TRACK_IS_TOLD(byte, bits) ((void)(byte), (void)(bits), false)
#define TRACK_ALLOCATED(object, bytes) ((void)0)
#define TRACK_FREED(object) ((void)0)
#define TRACK_FORBID(address, bytes) ((void)0)
#define TRACK_PERMIT(address, bytes) ((void)0)
#endif

/* Whether valgrind runs the program. */
NOINLINE bool track_is_watched(void);

/* They count for each thread, and nest. */
NOINLINE void track_scan_begin(void);
NOINLINE void track_scan_end(void);

/* AddressSanitizer's, where it is. */
extern void __asan_poison_memory_region(const volatile void *memory, size_t bytes)
    __attribute__((weak, visibility("default")));
extern void __asan_unpoison_memory_region(const volatile void *memory, size_t bytes)
    __attribute__((weak, visibility("default")));

/* A library that is itself built with it is not told of its objects. */
INLINE bool track_is_asan(void)
{
    return !GC_WATCHED_MEMORY && __asan_poison_memory_region;
}

/* No other tool of valgrind's knows which bits of a byte are defined. */
INLINE bool track_is_memcheck(void)
{
    char byte = 0, bits = 0;
    return TRACK_IS_TOLD(&byte, &bits);
}

/* Nobody but the library may access these bytes, or everybody may again. */
INLINE void track_forbid(const void *address, size_t bytes)
{
    if (bytes == 0)
        return;
    TRACK_FORBID(address, bytes);
    if (track_is_asan())
        __asan_poison_memory_region(address, bytes);
}

INLINE void track_permit(const void *address, size_t bytes)
{
    TRACK_PERMIT(address, bytes);
    if (track_is_asan())
        __asan_unpoison_memory_region(address, bytes);
}

/* A stack is used anew in these bytes, which AddressSanitizer has taken for forbidden where another thread had it.  So
 * it is also where the library is itself built with that. */
INLINE void track_renew_stack(const void *low, size_t bytes)
{
    if (__asan_unpoison_memory_region)
        __asan_unpoison_memory_region(low, bytes);
}

/* An object begins, whose bytes count as written; and ends, in so many bytes with those behind it. */
INLINE void track_allocated(const void *object, size_t bytes)
{
    TRACK_ALLOCATED(object, bytes);
    if (track_is_asan())
        __asan_unpoison_memory_region(object, bytes);
}

INLINE void track_freed(const void *object, size_t bytes)
{
    TRACK_FREED(object);
    track_forbid(object, bytes);
}

void track_clear_unseen(void *address, size_t bytes);
void track_copy_unseen(void *to, const void *from, size_t bytes);

/* These zero memory, or copy to it, that may be forbidden, and stays so: AddressSanitizer looks at
 * the arguments of memset and memcpy. */
INLINE void track_clear(void *address, size_t bytes)
{
    if (UNLIKELY(track_is_asan()))
        track_clear_unseen(address, bytes);
    else
        memset(address, 0, bytes);
}

INLINE void track_copy(void *to, const void *from, size_t bytes)
{
    if (UNLIKELY(track_is_asan()))
        track_copy_unseen(to, from, bytes);
    else
        memcpy(to, from, bytes);
}

#endif
