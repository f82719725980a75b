/* What a process has of a region that it has open, and what the files of this folder do for each other.
 *
 * member.c knows who shares the region and who is dead; gate.c has the gate; collect.c closes it.  Whoever
 * changes anything in the region is inside of a bracket, but for members that come and go, so that at a
 * closed gate, once all brackets have ended, the collecting process has the region to itself. */
#ifndef GCALLOC_REGION_REGION_H
#define GCALLOC_REGION_REGION_H

#include <errno.h>

#include "base/critical.h"
#include "base/descriptor.h"
#include "base/os.h"
#include "collect/collector.h"
#include "collect/far.h"
#include "heap/arena.h"
#include "region/layout.h"

enum { NO_MEMBER = UINT32_MAX };

/* The backend of a region's heap. */
struct region_space {
    struct os_space space;  /* first */
    struct descriptor file; /* the program may close it, and have another by its number */
    uintptr_t start;        /* of the mapping */
    size_t tables, units;   /* where they begin in it */
    int error;              /* of the last refusal; 0: none */
    size_t memory; /* that the process could have for a file when it was opened */
    bool random;   /* the system knows that pages are needed one by one */
};

/* What a thread of the process has of a region.  Used by the thread; others look at it while the world
 * is stopped, or close the region. */
struct region_use {
    struct gc_region *region;
    struct region_thread *slot;
    uint32_t number; /* of the slot, plus 1 */
    uint32_t tid;    /* of the thread, and when it began */
    uint64_t start;
    unsigned depth; /* brackets */
    uint32_t epoch; /* that the cache was filled in */
    struct cache *cache;
    struct region_use *next;           /* of the thread */
    struct region_use *next_of_region; /* under the regions' lock */
};

struct gc_region {
    uint64_t handle;                  /* REGION_HANDLE: what the program has is one */
    struct region_constants constant; /* as they were when it was opened */
    struct region_header *header;
    struct region_member *members;
    struct region_thread *threads;
    struct region_root *roots;
    struct region_hold *holds;
    struct region_type *types;
    struct region_space space;
    struct heap heap;
    struct collector collector;
    struct far far;       /* of the marker, where the region is larger than memory */
    uint32_t member;      /* number of the process's own; NO_MEMBER: it has to join */
    const char *fault;    /* that a collection of this process has found; NULL: none */
    uint32_t types_known; /* that the view has, up to this number */
    dev_t device;
    ino_t inode;
    unsigned opened; /* how often; under the regions' lock */
    bool read_only;
    /* The lists of threads or processes are nearly full; until a collection.  Atomic */
    bool crowded;
    bool has_file_lock; /* while it is opened */
    /* The gate was found closed by one who died in the midst of a collection, which is to be made anew before it
     * is opened.  Under the collect lock. */
    bool orphaned;
    char name[256];
    struct region_use *uses; /* under the regions' lock */
    struct gc_region *next;  /* of the process's regions, under their lock */
};

#define REGION_HANDLE UINT64_C(0x6e6f69676572)

/* ---- opened.c: the process's regions ---- */

/* Fails with this error: the sentence is what gc_region_error returns.  Returns -1. */
int region_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether an argument is there that has to be: else it fails with EINVAL, and says which. */
INLINE bool region_is_given(bool given, const char *which)
{
    return LIKELY(given) || (region_fail(EINVAL, "%s is NULL", which), false);
}

/* Whether it is a region of the process; else fails with EINVAL. */
bool region_is_open(const gc_region *r);

/* One thread of the process at a time opens a region, or closes one: so nobody is given one that is not open
 * yet, or not any more.  Taken before the lock of the list. */
void opening_lock(void);
void opening_unlock(void);

/* The list, and its lock, which is taken in no critical section. */
SHARED_DATA gc_region *regions;
void regions_lock(void);
void regions_unlock(void);

/* Memory for one; what one had that is closed: a pointer to it leads to no region then. */
gc_region *opened_new(void);
void opened_keep(gc_region *r);

void opened_add(gc_region *r);
void opened_remove(gc_region *r);

/* The region that an address lies in; NULL: none. */
gc_region *opened_around(const void *address);

/* The region of this file, opened once more: a second mapping would need the same address, but for one
 * that is only read, which has its own.  NULL: the process does not have it. */
gc_region *opened_find(int file, bool read_only);

/* ---- name.c ---- */

/* Opens the file of that name; -1 with errno. */
int region_open_file(const char *name, unsigned flags, int how, mode_t mode);

/* ---- claim.c: locks of its file ---- */

/* Whoever opens the file, or joins, has its lock.  false with errno EBUSY: somebody else has it, and goes
 * on. */
bool region_lock_file(const gc_region *r, int file);
void region_unlock_file(int file);

/* The same for who joins: the child of a fork, whose brothers have the same open file. */
bool region_lock_to_join(const gc_region *r, int file);
void region_unlock_joined(int file);

/* Whether any other process has the region, or may have it; and that this one does from now on. */
bool region_is_claimed(int file);
void region_claim(int file);

/* ---- space.c: its memory ---- */

void region_space_begin(gc_region *r, int file);

/* Whether the file is as long as it was: what is mapped behind its end is a signal, SIGBUS.  Else fails with
 * EIO.  One whose descriptor the program has closed counts as whole. */
bool region_is_whole(const gc_region *r);

/* Sets memory aside where a file may have come without: to write into a hole where the disk is full is a
 * signal, too, and in shared memory so is reading one.  First for all that lies in front of the tables, and
 * the numbers of the heap; then, if the region is this process's alone, for the tables as far as they are in
 * use, and for objects.  false with errno. */
bool region_back_start(gc_region *r);
bool region_back(gc_region *r, bool objects);

/* Whether it is a file of which not all may stay in memory. */
bool region_exceeds_memory(const gc_region *r);

/* Tells the system how pages of a file are going to be read: in order by a collection (`collects`), one by
 * one by programs.  That counts where the file is larger than memory: of pages that are read ahead most are
 * not used then, and each drives out another.  Where it is not, reading ahead is what fills memory. */
void region_advise(gc_region *r, bool collects);
void *region_map(int file, uint64_t address, size_t bytes, bool read_only);

/* ---- cell.c: its objects ---- */

/* The slot around an address; and whether it is an object's. */
struct cell region_cell(const gc_region *r, const void *address);
bool region_lives(const struct cell *o);

/* The living object that starts at this address. */
bool region_object_at(const gc_region *r, const void *address, struct cell *o);

/* Whether a living object starts there; else fails with EINVAL. */
bool region_is_start(const gc_region *r, const void *object);

/* ---- holds.c: what is held; under the hold lock, or at a closed gate ---- */

enum { HOLDS_MOST = REGION_HOLDS / 4 * 3 };

/* The hold of this place in the region, or where it would go; NULL: there is no room. */
struct region_hold *hold_find(const gc_region *r, uint64_t object, uint32_t member);
bool hold_counts(const struct region_hold *h);

/* Counts it once more, by this process.  false: h is NULL. */
bool hold_add(gc_region *r, struct region_hold *h, uint64_t object);

/* The hold, whose count is 0, goes. */
void hold_vacate(const gc_region *r, struct region_hold *h);

/* Marks what is held; drops what a member holds that goes. */
void region_mark_holds(const gc_region *r, struct marker *m);
void region_drop_holds(gc_region *r, uint32_t member);

/* How many holds this member has; NO_MEMBER: all members together. */
unsigned region_count_holds(const gc_region *r, uint32_t member);
bool region_holds_are_sound(const gc_region *r);

/* ---- types.c: layouts ---- */

/* Has the process's view of the heap know all types that there are.  The typed lock is held, or the gate
 * closed.  false: no memory. */
bool region_learn_types(gc_region *r);

/* The region is closed: what the view has of them goes. */
void region_forget_types(gc_region *r);

/* Whether all that a file says of types can be believed. */
bool region_types_are_sound(const gc_region *r);

/* Forgets the last types if the disk has only their number, as after a power cut.  Nobody has the region. */
void region_forget_unwritten_types(gc_region *r);

/* ---- member.c: who shares it ---- */

/* Makes the process a member, with a slot for the calling thread.  false with errno. */
bool region_join(gc_region *r, struct region_use *u);

/* The slot is nobody's any more; the process is no member any more. */
void region_give_slot(struct region_thread *t);
void region_leave(gc_region *r);

/* Whether the thread of that number which began then has ended. */
bool region_is_gone(uint32_t tid, uint64_t start);

/* Whether the thread of that slot, or the process, has ended.  Not to know is not. */
bool region_thread_is_dead(const struct region_thread *t);
bool region_member_is_dead(const struct region_member *m);

/* Slots from this number on have never been taken. */
uint32_t region_slots(const gc_region *r);

/* Takes threads that died in brackets off the list, and with `all` also the others that died, and dead
 * members with what they held: that asks the system about each.  The gate is closed.
 * Returns whether there were any. */
bool region_bury(gc_region *r, bool all);

/* How many processes have the region; and how many threads of this member, or of all members (NO_MEMBER). */
unsigned region_count_members(const gc_region *r);
unsigned region_count_threads(const gc_region *r, uint32_t member);

/* There are no members, no threads and no holds any more.  After a power cut what the slots say may be older than
 * what names them as owners. */
void region_forget_all(gc_region *r, bool after_cut);

/* The process opens the region: if it had it already, that was before exec. */
void region_bury_former_self(gc_region *r);

/* The number of a process that is said to have it; 0: there is none. */
uint32_t region_some_member(const gc_region *r);

/* Whether the system is the one that the members are processes of, as far as that is known; whether it may be another
 * one; whether any member lives.  From region_set_now on it is that. */
bool region_is_of_now(const struct region_header *h);
bool region_may_be_older(const struct region_header *h);
bool region_is_used(const gc_region *r);
void region_set_now(struct region_header *h);

/* ---- gate.c ---- */

/* Closes the gate, and waits until the brackets of other processes have ended; and `alone` also those of the other
 * threads of this one, which are not going to be stopped.  false with errno: EBUSY (somebody else has closed it),
 * ETIMEDOUT.  lock_holder is the calling thread's number. */
bool region_close_gate(gc_region *r, bool alone);

/* Opens it; but one that is orphaned stays closed, by nobody, until somebody has collected. */
void region_open_gate(gc_region *r);

/* Whether the gate was closed by somebody who is dead. */
bool region_gate_is_orphaned(const gc_region *r);

/* ---- bracket.c: who is in a bracket ---- */

/* Collects a region whose gate is orphaned: who died there may have been in the midst of making its lists
 * anew, and nobody may begin a bracket before that is done.  Filled in when the first is opened. */
SHARED_DATA void (*region_recover_hook)(gc_region *r);

/* The calling thread's uses, the one of last first. */
SHARED_DATA __thread struct region_use *region_uses
    __attribute__((tls_model("initial-exec")));

/* The rest of the three functions below. */
struct region_use *region_other_use(gc_region *r);
struct region_use *region_outside(const gc_region *r, const struct region_use *u);
bool region_enter_slowly(struct region_use *u);

/* The calling thread's use; NULL with errno. */
INLINE struct region_use *region_use(gc_region *r)
{
    struct region_use *u = region_uses;
    return LIKELY(u && u->region == r && u->slot) ? u : region_other_use(r);
}

/* The calling thread's use if it is in a bracket; else fails with EPERM. */
INLINE struct region_use *region_inside(gc_region *r)
{
    struct region_use *u = region_use(r);
    return LIKELY(u && u->depth) ? u : region_outside(r, u);
}

/* Whether the process may look at objects: it reads the region only, or the thread is in a bracket. */
INLINE bool region_may_look(gc_region *r)
{
    return region_is_open(r) && (r->read_only || region_inside(r));
}

/* Begins a bracket, and says whether the thread may stay in it: the gate is open, and nothing has been
 * collected since the cache was filled. */
INLINE bool region_enter_at_once(const struct region_use *u)
{
    const struct region_header *h = u->region->header;
    __atomic_exchange_n(&u->slot->active, 1, __ATOMIC_SEQ_CST);
    return LIKELY(__atomic_load_n(&h->gate, __ATOMIC_SEQ_CST) == 0 &&
                  __atomic_load_n(&h->epoch, __ATOMIC_ACQUIRE) == u->epoch &&
                  __atomic_load_n(&h->stage, __ATOMIC_RELAXED) == REGION_WHOLE);
}

/* Begins and ends a bracket of a thread that is in none.  false with errno ENOTRECOVERABLE. */
INLINE bool region_enter(struct region_use *u)
{
    if (UNLIKELY(!region_enter_at_once(u)))
        return region_enter_slowly(u);
    arena_look(&u->region->heap);
    return true;
}

INLINE void region_exit(struct region_use *u)
{
    __atomic_store_n(&u->slot->active, 0, __ATOMIC_RELEASE);
}

/* A critical section in which the thread has a lock of the region's header. */
INLINE void region_lock(const struct region_use *u, struct lock *l)
{
    critical_begin();
    lock_holder = u->number;
    lock_enter(l);
}

INLINE void region_unlock(struct lock *l)
{
    lock_leave(l);
    critical_end();
}

/* The region is about to be closed, and no thread of the process is in a bracket: what their caches have
 * goes back, what the process holds is dropped, and threads have nothing of it any more.  false: the region
 * is damaged, and the process stays a member until it ends, as its holds do. */
bool region_end_uses(gc_region *r);

/* In the child of a fork. */
void region_forked(gc_region *r);

/* A thread that ended in a bracket without the C library is in none. */
void region_bury_uses(gc_region *r);

/* Whether some thread of the process is in a bracket.  The regions' lock is held, or the world is
 * stopped. */
bool region_is_used_here(const gc_region *r);

/* ---- inherit.c ---- */

/* Has locks of regions inherited from the dead, and children of fork begin anew.  Once. */
void region_watch(void);

/* ---- roots.c ---- */

void region_mark_roots(const gc_region *r, struct marker *m);
unsigned region_count_roots(const gc_region *r);
bool region_roots_are_sound(const gc_region *r);

/* ---- collect.c ---- */

/* Makes the region's collector.  false with errno. */
bool region_make_collector(gc_region *r);

/* Collects; false with errno. */
bool region_collect(gc_region *r, enum cause cause);

/* Closes the gate for other things than a collection: no thread but the caller is in a bracket, and the region is as
 * nobody's death left it.  false with errno. */
bool region_quiesce(gc_region *r, const struct region_use *u);

/* Whether the budget is used up, or the dead are to be taken off the lists. */
bool region_is_due(const gc_region *r);

/* Collects a region that nobody else has. */
bool region_recover(gc_region *r);

#endif
