/* Locks of one word.
 *
 * The heap's locks are taken in critical sections only (base/critical.h), so that no
 * stopped thread ever holds one.  Ranks rise: whoever holds a lock takes only locks of
 * higher rank, so no two threads wait for each other; checked with --enable-checking. */
#ifndef GCALLOC_BASE_LOCK_H
#define GCALLOC_BASE_LOCK_H

#include <config.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/check.h"

enum rank {
    RANK_REPORT,  /* who prints; taken outside of critical sections, and held there */
    RANK_WORLD,   /* the registry; who makes the heap or stops the world; world/stop.h */
    RANK_ROOTS,   /* registered ranges, callbacks and stacks */
    RANK_OBJECT,  /* what is registered for objects: finalizers, weak links */
    RANK_MAP,     /* the entries of one weak map */
    RANK_HELD,    /* objects that were freed and that nobody gets yet */
    RANK_BIN,     /* one list of blocks, and their counters */
    RANK_EXTENT,  /* free units, the arena's end, used_bytes and dirty_bytes */
    RANK_RECORD,  /* the recording of option profile */
    RANK_DEPOT,   /* call stacks */
    RANK_MODULE,  /* what was ever loaded */
    RANK_MEMORY,  /* what is called when there is no memory */
    RANK_POOL,    /* work that markers share */
    RANK_ACCOUNT, /* what the library has mapped */
    RANK_COUNT,
};

struct lock {
    /* 0: free, 1: held, 2: held, and somebody may wait.  In memory that processes share it always has
     * LOCK_SHARED, beside who holds it, by number (0: nobody), and LOCK_AWAITED if somebody may wait:
     * so a holder that died with it is known. */
    uint32_t word;
};

#define LOCK_SHARED (1u << 31)
#define LOCK_AWAITED (1u << 30)
#define LOCK_HOLDER (LOCK_AWAITED - 1)

/* What the calling thread is among those who share the lock that it takes next. */
SHARED_DATA __thread uint32_t lock_holder __attribute__((tls_model("initial-exec")));

/* What the folder that has shared locks says of their holders: whether this one is gone for good; and
 * what is to be done when the caller got the lock of such a one, to what that guards. */
struct lock_hooks {
    bool (*is_dead)(const struct lock *l, uint32_t holder);
    void (*inherited)(struct lock *l);
};

SHARED_DATA struct lock_hooks lock_hooks;

/* Tells the processor that this is a loop that waits. */
INLINE void relax(void)
{
#if defined __x86_64__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

void lock_wait(struct lock *l);
void lock_wake(struct lock *l);
void lock_leave_shared(struct lock *l);

/* Takes a shared lock that is free, or whose holder is dead: what that was at is the caller's to look
 * after.  Returns false if somebody has it who lives. */
bool lock_try_shared(struct lock *l);

/* These functions exist for the checks of locks alone, which are made with --enable-checking. */
void lock_note_taken(enum rank rank);
void lock_note_released(enum rank rank);
void lock_note_all(bool all);
bool lock_is_held(enum rank rank);

/* Notes that this thread takes, or has released, a lock of this rank.  The checks are
 * nothing without --enable-checking. */
INLINE void lock_check_taken(enum rank rank)
{
    if (GC_CHECKING)
        lock_note_taken(rank);
}

INLINE void lock_check_released(enum rank rank)
{
    if (GC_CHECKING)
        lock_note_released(rank);
}

/* Checks that this thread holds a lock of this rank, or has all.  The message names the place. */
#define lock_check_held(rank) (GC_CHECKING ? CHECK(lock_is_held(rank)) : (void)0)

/* Notes that from now on, or no more, this thread has everything to itself as if it held
 * all locks: the world is stopped, or what it works on is its own.  Calls nest. */
INLINE void lock_check_all(bool all)
{
    if (GC_CHECKING)
        lock_note_all(all);
}

/* lock_try_enter, lock_enter and lock_leave have no rank: they are for what is no lock of
 * the heap. */
INLINE bool lock_try_enter(struct lock *l)
{
    uint32_t none = 0;
    return __atomic_compare_exchange_n(&l->word, &none, 1, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

INLINE void lock_enter(struct lock *l)
{
    if (UNLIKELY(!lock_try_enter(l)))
        lock_wait(l);
}

INLINE void lock_leave(struct lock *l)
{
    if (UNLIKELY(__atomic_load_n(&l->word, __ATOMIC_RELAXED) & LOCK_SHARED))
        lock_leave_shared(l);
    else if (UNLIKELY(__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2))
        lock_wake(l);
}

INLINE bool lock_try(struct lock *l, enum rank rank)
{
    if (!lock_try_enter(l))
        return false;
    lock_check_taken(rank);
    return true;
}

INLINE void lock_take(struct lock *l, enum rank rank)
{
    lock_enter(l);
    lock_check_taken(rank);
}

INLINE void lock_release(struct lock *l, enum rank rank)
{
    lock_check_released(rank);
    lock_leave(l);
}

#endif
