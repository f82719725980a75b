/* The account of the library's own memory: each stretch of address space that it has mapped, and what for.
 * What lies in the heap's units and tables is known there (heap/contents.h); stacks that run, too, are noted.
 *
 * Stretches do not overlap, and begin at a page.  For want of memory one may be missing: it is then missing in
 * what is told, and nothing else. */
#ifndef GCALLOC_BASE_ACCOUNT_H
#define GCALLOC_BASE_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

enum account {
    ACCOUNT_OTHER,
    ACCOUNT_CACHES,     /* of threads, and their magazines */
    ACCOUNT_THREADS,    /* records of threads, and what finds them */
    ACCOUNT_ROOTS,      /* lists of what is scanned */
    ACCOUNT_MARKING,    /* markers, and what is grey */
    ACCOUNT_REMEMBERED, /* which blocks are tenured, and cards */
    ACCOUNT_MESHES,     /* pages that blocks have in common */
    ACCOUNT_LAYOUTS,    /* what typed objects are like */
    ACCOUNT_ENDS, /* what is registered for the ends of objects: finalizers, weak references */
    ACCOUNT_CALLS, /* call stacks, and what names them */
    ACCOUNT_REPORTS,
    ACCOUNT_REGIONS, /* what a process has of the heaps that it shares */
    ACCOUNT_STACKS,  /* that the library runs on, of its own threads too */
    ACCOUNT_EARLY,   /* objects from before there is a heap */
    ACCOUNT_COUNT,
};

/* Notes a stretch, and forgets the one that begins there.  Any thread; not in a signal handler that may have
 * interrupted either.  errno stays. */
void account_add(enum account a, const void *low, size_t bytes);
void account_remove(const void *low);

/* Adds to bytes[a] for each account what its stretches hold, in memory or in swap space, as told by the file
 * that os_pages_open has opened. */
void account_sum(int file, size_t bytes[ACCOUNT_COUNT]);

/* Calls visit(argument, low, high) for each stretch, under the account's lock: it may map nothing. */
void account_walk(void (*visit)(void *argument, uintptr_t low, uintptr_t high),
                  void *argument);

/* How many stretches account_walk tells of. */
size_t account_count(void);

/* What [low, high) holds. */
size_t account_held(int file, uintptr_t low, uintptr_t high);

/* The child of a fork has nobody who was in the midst of it. */
void account_forked(void);

/* Checks that every stretch is found, and, of some hundred, that no two overlap.  Returns how many there are. */
size_t account_check(void);

#endif
