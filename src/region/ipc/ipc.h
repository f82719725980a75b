/* What queues, maps, locks and events of a region have in common: objects of a kind, who owns a word of
 * one, how a thread waits for a change, and a lock for short changes.
 *
 * Whoever dies wakes nobody.  So each wait is cut into slices, after which whoever waits looks again at
 * what it waits for, and, for a lock, whether its owner lives. */
#ifndef GCALLOC_REGION_IPC_IPC_H
#define GCALLOC_REGION_IPC_IPC_H

#include <gcalloc/ipc.h>

#include "region/region.h"

/* ---- Objects of a kind: their first word, which is no address in any region ---- */

#define IPC_QUEUE UINT64_C(0x6575657571636769)
#define IPC_MAP UINT64_C(0x70616d7361636769)
#define IPC_RWLOCK UINT64_C(0x636f6c7772636769)
#define IPC_EVENT UINT64_C(0x746e657665636769)

/* The calling thread's use, which is in a bracket, if the object is of that kind; else NULL with errno. */
struct region_use *ipc_use(gc_region *r, const void *object, uint64_t kind);

/* A new object of that kind, on cache lines of its own, zeroed but for its first word; NULL with errno. */
void *ipc_new(gc_region *r, uint64_t kind, size_t size);

/* ---- owner.c: who has something ---- */

/* A thread that uses the region, by number and generation of its slot: never the same as another, dead
 * or alive.  The two bits above are free for what is stored beside it. */
#define OWNER_NUMBER_BITS 14
#define OWNER_BITS ((UINT64_C(1) << 62) - 1)

uint64_t owner_self(const struct region_use *u);
bool owner_is_dead(const gc_region *r, uint64_t owner);

/* ---- bell.c: telling that something has changed ---- */

/* A count of changes, in steps of two; odd while somebody may wait for one. */
struct bell {
    uint32_t word;
};

/* Says that the caller is going to wait.  It looks once more at what it waits for, and then waits while the
 * word is what was returned. */
uint32_t bell_watch(struct bell *b);

/* Waits for so many nanoseconds at most.  false: all of them have passed, or a signal came.  Changes
 * errno. */
bool bell_wait(struct bell *b, uint32_t word, uint64_t nanoseconds);

/* What others wait for has changed, and is stored: wakes one of them, or all.  Keeps errno. */
void bell_ring_one(struct bell *b);
void bell_ring(struct bell *b);

/* ---- wait.c: calls that may sleep ---- */

/* Such a call, from wait_begin to wait_for. */
struct wait {
    struct region_use *use;
    void *kept
        [2]; /* what it was called for: held while it sleeps; the second may be NULL */
    int timeout; /* milliseconds; -1: no limit */
    unsigned spins;
    uint64_t end; /* when the time is over; 0: none, or it has not slept yet */
    bool sleeps;  /* what is kept is held */
    bool look;    /* a slice has passed, or none will: somebody may have died */
};

/* In a bracket, and in no other if it may sleep; else false with errno. */
bool wait_begin(struct wait *w, struct region_use *u, int timeout, void *object,
                void *other);

/* Calls step(data) until it returns something else than EAGAIN, after each change that the bell, which
 * lies in the first of the kept objects, tells of, and after each slice.  Returns 0 if that is 0; else
 * errno is it, or EAGAIN, ETIMEDOUT and what holding may fail with, and -1 is returned. */
int wait_for(struct wait *w, struct bell *b, int (*step)(void *data), void *data);

/* ---- lock.c: a lock for changes that take no longer than a bracket ---- */

/* It is taken and left in one bracket, without an allocation in between. */
struct ipc_lock {
    uint64_t owner; /* 0: free.  Atomic */
    struct bell bell;
};

/* Returns whether its last owner died with it: then what it guards is to be repaired first. */
bool ipc_lock_take(struct region_use *u, struct ipc_lock *l);
void ipc_lock_leave(struct ipc_lock *l);

#endif
