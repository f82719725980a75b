/* ThreadSanitizer's run-time system, where it watches: where its code lies, and telling
 * it of what it does not see.  Without it there is nothing here. */
#ifndef GCALLOC_WORLD_WATCHER_H
#define GCALLOC_WORLD_WATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"

/* Whether the address lies in ThreadSanitizer's code. */
bool watcher_contains(uintptr_t code);

/* Tells ThreadSanitizer that the calling thread reads from the word, or writes to it,
 * atomically: what the thread that wrote did before happened before.  It passes over
 * atomic operations in a signal handler that interrupted some of its functions,
 * pthread_create for one, unless it is told. */
#if GC_TSAN
void __tsan_acquire(void *word);
void __tsan_release(void *word);
#define WATCHER_ACQUIRE(word) __tsan_acquire(word)
#define WATCHER_RELEASE(word) __tsan_release(word)
#else
#define WATCHER_ACQUIRE(word) ((void)0)
#define WATCHER_RELEASE(word) ((void)0)
#endif

#endif
