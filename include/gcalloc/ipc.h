/* gcalloc: what processes that share a region hand over to each other, and wait for: queues, maps with
 * string keys, reader-writer locks, events.
 *
 * All of them are objects of the region: made by a ..._new, found through a named root or another
 * object, collected when nothing leads to them.  They are used inside of a bracket, by any thread of any
 * process that has the region open for writing.
 *
 * A call with a time limit may sleep.  Nobody may sleep inside of a bracket, as that would hold up every
 * collection: so the call ends the bracket while it sleeps, and begins it again before it returns.  What it
 * was called for (the queue, and the object that is to be put there; the lock; the event) is held
 * meanwhile, as by gc_region_hold.  Whatever else the thread had found before may be gone by then, if
 * nothing else kept it: it is found anew from a root, or was held.  Such a call is made in exactly
 * one bracket: in nested ones it fails with EDEADLK, whether it would have slept or not.
 *
 * `timeout_ms` is in milliseconds; 0: the call never sleeps, and may be made in nested brackets; -1:
 * there is no limit.  Where it has to wait and may not, errno is EAGAIN; where the time has passed, ETIMEDOUT.
 * A signal does not end the wait.
 *
 * The death of a process or a thread at any instruction, inside of these calls, too, leaves all of them
 * whole, and nobody waiting for it: a queue loses at most what the dead one had just taken out, a map is as
 * before the change or as after it, a lock of the dead goes to the next.  Who sleeps looks by itself, 20
 * times a second, whether somebody died that should have woken it.
 *
 * Functions that return a pointer return NULL and those that return int return -1 where they fail, with
 * errno: EINVAL (no such object, or no region), EPERM (outside of a bracket), and what is said beside them;
 * those that may sleep: EDEADLK, EAGAIN, ETIMEDOUT, ENOSPC (too many holds), ENOTRECOVERABLE (the region is
 * damaged).  gc_region_error has a sentence, but for EAGAIN, ETIMEDOUT and ENOENT.  None may be called in a
 * signal handler. */
#ifndef GCALLOC_IPC_H
#define GCALLOC_IPC_H

#include <gcalloc/region.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Queues ------------------------------------------------------------------------------------ */

typedef struct gc_queue gc_queue;

/* A queue for at most `capacity` objects, 1 at least.  It takes 9 bytes or so for each that is in it, and
 * locks nothing: a thread that is stopped keeps nobody from going on.  NULL with errno: EINVAL, ENOMEM,
 * ENOSPC as gc_region_alloc. */
GC_PUBLIC gc_queue *gc_queue_new(gc_region *region, size_t capacity)
    __attribute__((warn_unused_result));

/* Puts an object of the region at the end of the queue, which keeps it from then on; waits while the queue
 * is full.  0, or -1 with errno of a call that may sleep, EINVAL (not the start of an object) or ENOMEM. */
GC_PUBLIC int gc_queue_put(gc_region *region, gc_queue *queue, void *object,
                           int timeout_ms);

/* Takes the first object out; waits while there is none.  Until the bracket ends the bracket keeps it.  One
 * that dies with it in hand has lost it for all: who must not lose any stores elsewhere what it works on.
 * NULL with errno of a call that may sleep. */
GC_PUBLIC void *gc_queue_get(gc_region *region, gc_queue *queue, int timeout_ms);

/* How many objects there are in it; others change that meanwhile.  0 with errno EINVAL, EPERM. */
GC_PUBLIC size_t gc_queue_count(gc_region *region, gc_queue *queue);

/* ---- Maps -------------------------------------------------------------------------------------- */

typedef struct gc_map gc_map;

/* A map from keys, which are strings of bytes and are copied, to objects of the region, which it keeps.
 * Who looks something up takes no lock, and waits for nobody; changes have one lock per map.  NULL with
 * errno: ENOMEM, ENOSPC. */
GC_PUBLIC gc_map *gc_map_new(gc_region *region) __attribute__((warn_unused_result));

/* The object of a key of `length` bytes.  NULL with errno: ENOENT (it has none). */
GC_PUBLIC void *gc_map_get(gc_region *region, gc_map *map, const void *key,
                           size_t length);

/* The key has this object from now on, in place of the one that it had.  0, or -1 with errno: EINVAL (not
 * the start of an object), ENOMEM, ENOSPC; the map is as it was then. */
GC_PUBLIC int gc_map_put(gc_region *region, gc_map *map, const void *key, size_t length,
                         void *object);

/* Gives the key `object` if it has *expected, and else sets *expected to what it has.  NULL stands for
 * none: as *expected it makes a key that there was not, as `object` it removes one.  1: done, 0: not,
 * -1 with errno as for gc_map_put. */
GC_PUBLIC int gc_map_swap(gc_region *region, gc_map *map, const void *key, size_t length,
                          void **expected, void *object);

/* Removes the key.  0, or -1 with errno: ENOENT. */
GC_PUBLIC int gc_map_remove(gc_region *region, gc_map *map, const void *key,
                            size_t length);

/* How many keys there are.  0 with errno EINVAL, EPERM. */
GC_PUBLIC size_t gc_map_count(gc_region *region, gc_map *map);

/* Calls visit(key, length, object, data) for each key, in no order, until it does not return 0; returns what
 * it returned last, or 0.  Keys that come or go meanwhile, by `visit`, too, may be given or not.  The
 * key's bytes are the map's, and are followed by a 0. */
GC_PUBLIC int gc_map_list(gc_region *region, gc_map *map,
                          int (*visit)(const void *key, size_t length, void *object,
                                       void *data),
                          void *data);

/* ---- Reader-writer locks ------------------------------------------------------------------------ */

typedef struct gc_rwlock gc_rwlock;

/* A lock that any number of threads may have for reading, or one for writing.  Writers go first: a reader
 * that comes while one waits, waits as well, so that writers without a pause keep readers out.  NULL
 * with errno: ENOMEM, ENOSPC. */
GC_PUBLIC gc_rwlock *gc_rwlock_new(gc_region *region) __attribute__((warn_unused_result));

/* The calling thread has the lock until gc_rwlock_unlock, beyond the end of the bracket, too, or until it
 * ends or the process closes the region; a child of fork does not have it.  0; 1: somebody died, or ended,
 * with it for writing, so that what it guards may be half changed; each call says so until one that got it
 * for writing has unlocked it; -1 with errno of a call that may sleep, ENOMEM, or EDEADLK also where the
 * thread has it already. */
GC_PUBLIC int gc_rwlock_read(gc_region *region, gc_rwlock *lock, int timeout_ms);
GC_PUBLIC int gc_rwlock_write(gc_region *region, gc_rwlock *lock, int timeout_ms);

/* Gives up what the calling thread has.  0, or -1 with errno: EPERM (nothing). */
GC_PUBLIC int gc_rwlock_unlock(gc_region *region, gc_rwlock *lock);

/* ---- Events ------------------------------------------------------------------------------------ */

typedef struct gc_event gc_event;

#define GC_EVENT_AUTO \
    1u /* one wait ends for each time that it is set, and clears it; else it stays set */

/* An event, which is not set.  `flags`: 0 or GC_EVENT_AUTO.  NULL with errno: EINVAL, ENOMEM, ENOSPC. */
GC_PUBLIC gc_event *gc_event_new(gc_region *region, unsigned flags)
    __attribute__((warn_unused_result));

/* Sets the event, which lets those go on that wait, or, with GC_EVENT_AUTO, one; clears it.  0, or -1. */
GC_PUBLIC int gc_event_set(gc_region *region, gc_event *event);
GC_PUBLIC int gc_event_clear(gc_region *region, gc_event *event);

/* Waits until the event is set.  0, or -1 with errno of a call that may sleep. */
GC_PUBLIC int gc_event_wait(gc_region *region, gc_event *event, int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
