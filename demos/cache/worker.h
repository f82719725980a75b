/* The load: processes that get and put, and count what they do where the first process sees it. */
#ifndef CACHE_WORKER_H
#define CACHE_WORKER_H

#include <stdatomic.h>
#include <stddef.h>

enum { WORKERS_MOST = 64 };

/* Of one worker, and those before it in its place.  It has a line of its own. */
struct tally {
    _Alignas(64) atomic_ulong gets;
    atomic_ulong hits, puts, removes;
    atomic_ulong wrong; /* values that are not what was put */
};

/* Shared by all processes; no part of the cache. */
struct board {
    atomic_bool over;
    size_t entries, limit;
    char name[64];
    struct tally tallies[WORKERS_MOST];
};

/* Works until the board says that it is over.  The process's exit status. */
int work(struct board *board, unsigned number);

#endif
