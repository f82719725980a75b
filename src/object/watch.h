/* Objects that are watched for the moment when nothing reaches them: for a finalizer, or for a
 * guardian.  Those that have come so far wait, alive, for the program to take them.
 *
 * A watch of a finalizer that is ready to be called stays where it is and has a flag: nothing
 * moves in a pause.  What guardians may hand out moves to a table of its own, whose room is set
 * aside when an object comes to be guarded, as there is no memory to be had in a pause. */
#ifndef GCALLOC_OBJECT_WATCH_H
#define GCALLOC_OBJECT_WATCH_H

#include <gcalloc/finalizer.h>

#include "base/lock.h"
#include "base/table.h"
#include "heap/types.h"

enum watch_flag {
    WATCH_UNORDERED = 1 << 0,
    WATCH_GUARDED = 1 << 1, /* for a guardian, which is its data; else for a finalizer */
    /* Of the phase: found unreachable in this cycle, or in the one before, and not taken, as
     * another such object reaches it; and named in the log, as it reaches itself. */
    WATCH_CANDIDATE = 1 << 2,
    WATCH_WAITS = 1 << 3,
    WATCH_NAMED = 1 << 4,
    /* Its data is to be kept alive: it points into the heap, not into the object. */
    WATCH_DATA = 1 << 5,
    /* The finalizer is to be called: the object is watched no more, and stays alive. */
    WATCH_READY = 1 << 6,
    /* It was called: the watch is struck out of the table. */
    WATCH_CALLED = 1 << 7,
    /* Of the phase: a guarded object that counts as marked for a time, and was new. */
    WATCH_LENT = 1 << 8,
    WATCH_LENT_NEW = 1 << 9,
};

struct watch {
    uintptr_t object;
    uint32_t next; /* of the table's chain */
    uint32_t flags;
    gc_finalizer *function;
    uintptr_t data;
};

/* An object that its guardian may hand out. */
struct kept {
    uintptr_t guardian, object;
    uint32_t next, next_of_object;
};

/* What the program has of a guardian: an atomic object that is told from others by its first
 * word. */
struct gc_guardian {
    uint64_t magic;
};

#define GUARDIAN_MAGIC UINT64_C(0x6e616964726175e7)

/* Everything under the lock, which is taken in critical sections; a cycle needs none. */
struct watched {
    struct lock lock;
    struct table watches; /* struct watch, by object */
    /* struct kept, by guardian and by object.  There is room for all guarded ones, too. */
    struct table kept;
    uint32_t guarded;   /* watches of guardians */
    uint32_t with_data; /* watches with WATCH_DATA */
    uint32_t unordered; /* watches with WATCH_UNORDERED */
    bool some_wait;     /* perhaps: no watch has WATCH_WAITS or WATCH_NAMED if not */
    uint32_t ready;     /* watches with WATCH_READY: none has a number above ready_end */
    uint32_t ready_end;
    bool more; /* came to wait since watch_tell was called.  Under the world lock */
};

SHARED_DATA struct watched watched;

/* What finalizers and guardians have in common. */
struct capability;
SHARED_DATA struct capability watching;

void watch_lock(void);
void watch_unlock(void);

/* For these seven the lock is held. */

/* false with ENOMEM. */
bool watch_add(const struct watch *w);

/* The watch of an object's finalizer that is not ready; 0: there is none. */
uint32_t watch_find(uintptr_t object);

/* The finalizer of this number becomes another one, of the object that it is for. */
void watch_replace(uint32_t number, const struct watch *w);

/* What the flags count for is counted anew.  In a cycle, too. */
void watch_set_flags(struct watch *w, unsigned flags);

/* In a cycle several threads may do this for different watches, and then it is told how many there were: the
 * finalizer is to be called. */
INLINE void watch_make_ready(struct watch *w)
{
    w->flags = (w->flags & WATCH_DATA) | WATCH_READY;
}

void watch_were_made_ready(uint32_t ordered, uint32_t unordered);

void watch_remove(uint32_t number);

/* A finalizer that is ready; 0: none is.  All searches between two cycles look at each watch at
 * most once. */
uint32_t watch_find_ready(void);

/* The finalizer of this number, which was ready, is called now; the others keep their numbers. */
void watch_call(uint32_t number);

INLINE struct watch *watch_at(uint32_t number)
{
    return table_at(&watched.watches, number);
}

/* The object is about to be freed: all that it is watched for is forgotten, and that it waits;
 * if it is a guardian, what it guards and keeps.  Or it has come to another address. */
struct cell;
void watch_forget(uintptr_t object);
void watch_move(const struct cell *from, uintptr_t to);

/* Its first word says that it is one. */
bool watch_is_guardian(uintptr_t object);

/* Something is registered for it, or it waits. */
bool watch_knows(uintptr_t object);

/* What a cycle does: each finds what is unreachable, and keeps it alive. */
struct cycle;
void watch_mark_ready(struct cycle *c);
void watch_find_candidates(struct cycle *c);
void watch_take_unreachable(struct cycle *c);
void watch_drop_guardians(struct cycle *c);

/* What lives with an object or a guardian (object/pairs.h). */
SHARED_DATA struct pair_source watch_pairs;

/* What is kept alive beside what words lead to (collect/verify.h). */
struct naive;
void watch_verify(struct naive *n);

/* After a cycle, in a running world: what is to be said goes to the log.  Returns whether more
 * came to wait since the last call. */
bool watch_tell(void);

/* Something else came to wait for gc_finalizers_run.  In a cycle. */
void watch_note_more(void);

/* Every structure is sound. */
void watch_check(void);

#endif
