/* Waiting for a word to change, without the C library.  It is no cancellation point, and
 * takes no lock.  Whoever waits looks at the word again, as a wait may end for no reason. */
#ifndef GCALLOC_BASE_FUTEX_H
#define GCALLOC_BASE_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"

/* Waits until it is woken, while the word is `value`, or ends for no reason; with a
 * timeout also after so many nanoseconds (0: none).  Changes errno. */
INLINE void futex_wait(uint32_t *word, uint32_t value, uint64_t timeout)
{
    struct timespec t = {.tv_sec = (time_t)(timeout / 1000000000),
                         .tv_nsec = (long)(timeout % 1000000000)};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout ? &t : NULL, NULL, 0);
}

/* Lets so many nanoseconds pass.  It is no cancellation point, as nanosleep is one. */
INLINE void futex_rest(uint64_t time)
{
    uint32_t nobody_wakes = 0;
    futex_wait(&nobody_wakes, 0, time);
}

/* As futex_wait, for a word in memory that processes share. */
INLINE void futex_wait_shared(uint32_t *word, uint32_t value, uint64_t timeout)
{
    struct timespec t = {.tv_sec = (time_t)(timeout / 1000000000),
                         .tv_nsec = (long)(timeout % 1000000000)};
    syscall(SYS_futex, word, FUTEX_WAIT, value, timeout ? &t : NULL, NULL, 0);
}

/* Returns how many it has woken. */
INLINE int futex_wake_shared(uint32_t *word, int threads)
{
    return (int)syscall(SYS_futex, word, FUTEX_WAKE, threads, NULL, NULL, 0);
}

/* Wakes so many threads that wait for the word.  May change errno. */
INLINE void futex_wake(uint32_t *word, int threads)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, NULL, NULL, 0);
}

#endif
