/* Sets of signals in the kernel's form: one word, with a bit for each signal.  A sigset_t of the C
 * library begins with this word, and the system calls are told how long it is.  Nothing here keeps
 * any state: which signals the library blocks, and when, is in world/signals.c. */
#ifndef GCALLOC_BASE_MASK_H
#define GCALLOC_BASE_MASK_H

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"

enum { MASK_BYTES = sizeof(uint64_t) };

INLINE uint64_t mask_bit(int number)
{
    return UINT64_C(1) << (number - 1);
}

INLINE uint64_t mask_of(const sigset_t *set)
{
    uint64_t mask;
    memcpy(&mask, set, MASK_BYTES);
    return mask;
}

INLINE void mask_store(sigset_t *set, uint64_t mask)
{
    memcpy(set, &mask, MASK_BYTES);
}

/* Signals that the running code raises itself: of faults, and of system calls that a sandbox
 * answers by a signal (SECCOMP_RET_TRAP).  They cannot wait, and where one is blocked the kernel
 * ends the process. */
INLINE uint64_t mask_faults(void)
{
    return mask_bit(SIGSEGV) | mask_bit(SIGBUS) | mask_bit(SIGFPE) | mask_bit(SIGILL) |
           mask_bit(SIGTRAP) | mask_bit(SIGABRT) | mask_bit(SIGSYS);
}

/* The C library's own signals, which its sigfillset leaves out. */
INLINE uint64_t mask_internal(void)
{
    return mask_bit(SIGRTMIN) - mask_bit(32);
}

/* Changes the calling thread's mask by a system call, which nobody stands in front of.
 * `set` and `old` are words or sigset_t, and may be NULL.  Returns 0, or -1 with errno. */
INLINE long mask_change(int how, const void *set, void *old)
{
    return syscall(SYS_rt_sigprocmask, how, set, old, MASK_BYTES);
}

#endif
