/* The registry: the threads that use the heap, or whose roots count, each with a record.
 *
 * It is a list and two indexes, nothing more: no thread is waited for here, and no lock is taken.
 * Whoever calls has the world lock (world/lock.h), or is the only thread there is, but where it
 * says otherwise.  What a thread does with its record is in world/thread.h. */
#ifndef GCALLOC_WORLD_REGISTRY_H
#define GCALLOC_WORLD_REGISTRY_H

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bits.h"
#include "base/registers.h"
#include "world/index.h"
#include "world/life.h"

enum { ASIDE_MOST = 8 };

struct cache;
struct critical;
struct snapshot;

/* How a thread left a stack: all that it uses of it is from `sp` up (0: not known, all of it
 * counts), and these were the registers. */
struct departure {
    uintptr_t sp;
    uintptr_t registers[REGISTERS];
};

/* A thread.  Owner: "registry", under the world lock; "own", written by the thread itself
 * and its signal handlers, read while it is stopped; "collector", while the world is
 * stopped. */
struct mutator {
    struct mutator *next, *previous; /* registry */
    enum life life;                  /* see world/life.h */
    bool joinable;   /* registry, atomic: the record stays after its end */
    uint64_t serial; /* registry: of the records made; none is given twice */
    bool own;        /* registry: a thread of the library's own */
    bool named;      /* registry: its pthread_t has been noted */
    /* Registry: where the program wants the pthread_t, until it is there. */
    pthread_t *place;
    /* Registry: by pthread_t, while it is joinable and nobody joins or detaches it; by tid,
     * while it lives. */
    struct index_entry name, number;
    pid_t tid; /* own */

    /* enum safety, see world/life.h.  The thread is stopped while a stop has claimed it. */
    uint32_t safety;
    /* Valid while it is stopped; own. */
    uintptr_t sp; /* all that it uses of the stack it runs on is from here up */
    /* Where the signal found its stack pointer, else `sp`.  Saved program counters lie above;
     * what lies below may be remains of calls that have returned. */
    uintptr_t interrupted;
    /* Its cache may be being changed.  The collector looks for that in the stacks, too, which
     * tell of a fast path that a handler unknown here interrupted. */
    bool in_fast_path;
    struct {
        uintptr_t low, high;
    } alternate; /* the alternate signal stack that it runs on, or empty */
    /* The one that the system has disarmed for the handler that runs, as SS_AUTODISARM asks it to,
     * and so knows nothing of.  Own. */
    stack_t disarmed;
    /* While it runs on a stack of the library's, which begins at `low` (0: it does not): all
     * that it uses of the program's is from `left` up.  Own. */
    struct {
        uintptr_t low, left;
    } system;

    /* Bounds of its own stack; the main thread's low end moves down as the stack grows.
     * Own, constant while it lives. */
    uintptr_t stack_low, stack_high;
    uintptr_t pointer;         /* see thread_pointer.  Own, constant */
    struct critical *critical; /* its sections.  Own, constant */

    /* Low ends of registered stacks: the one it runs on, or goes to, and the one it was on
     * before; 0: its own.  Own. */
    uintptr_t coroutine, left;
    struct departure departure; /* from its own stack; own */

    struct cache *cache; /* own; NULL before its first slow path */
    /* Own: caches that handlers set aside, and one for the next handler. */
    struct cache *aside[ASIDE_MOST], *spare;
    uintptr_t aside_sp[ASIDE_MOST]; /* frames of those handlers */
    unsigned aside_count;
    bool deaf; /* collector: it did not stop when it was told last */
    /* Collector: it may have the signal pending, as it slept with it blocked. */
    bool waited;
    bool untold; /* collector: the present stop cannot tell it, or need not try */
    struct snapshot *snapshot; /* own: what it found out for a collection */
    bool ready;        /* own: no slow path has anything to prepare or to restore */
    bool temporary;    /* own: past its exit hook; every call registers it anew */
    unsigned blocking; /* own: gc_blocking_begin less gc_blocking_end */
    unsigned calls;    /* own: of slow paths under way while it is not ready */
    unsigned exits;    /* own: times that its exit hook has run */

    uintptr_t registers[REGISTERS]; /* in gc_blocking_begin; else 0.  Own, as above */

    void *(*start)(void *argument); /* registry */
    void *argument;                 /* a root until the thread runs */
    void *result;                   /* a root from its end until it is joined */

    size_t value_count;
    void *values[PTHREAD_KEYS_MAX]; /* its thread-specific values, when stopped; own */
};

/* A record on the list for a thread about to start, of the library's own or the program's; `place`
 * is where its pthread_t is put, or NULL.  NULL: there is no memory. */
struct mutator *registry_add(bool own, bool joinable, pthread_t *place);

/* Takes that back, for a thread that could not start. */
void registry_discard(struct mutator *m);

/* The thread's pthread_t is this.  Said by the thread itself and by who made it; the first one
 * counts, and the other one does not touch the program's variable, which may be gone by then. */
void registry_name(struct mutator *m, pthread_t thread);

/* The thread lives, and its record's tid is known. */
void registry_number(struct mutator *m);

/* The thread is gone: its caches go back, the record too unless somebody may join. */
void registry_end(struct mutator *m);

/* The thread is gone, and never said so: its record ends, and it counts as lost. */
void registry_lost(struct mutator *m);

/* How many threads have gone that way, or were left behind by forks, or by siglongjmp have
 * left a fast path for good: each may have left a slot reserved.  Without the lock. */
uint32_t registry_lost_count(void);
void registry_count_lost(void);

/* No thread of the program starts or lives. */
bool registry_is_empty(void);

/* Each record is where its life says, and nowhere else.  The world is stopped. */
void registry_check(void);

/* See thread_claim, thread_unclaim, thread_joined and thread_detached. */
struct mutator *registry_claim(pthread_t thread);
void registry_unclaim(struct mutator *m, pthread_t thread);
void registry_joined(struct mutator *m);
void registry_detached(struct mutator *m);

/* The list: for (MUTATORS(m)) visits every record. */
struct mutator *registry_first(void);
#define MUTATORS(m)                       \
    struct mutator *m = registry_first(); \
    m;                                    \
    m = m->next

/* Are its stack and registers roots?  Without the lock. */
INLINE bool thread_lives(const struct mutator *m)
{
    return __atomic_load_n(&m->life, __ATOMIC_SEQ_CST) == LIFE_LIVING;
}

/* From now on the threads are those of the calling process. */
void registry_begin(void);

/* The threads are this process's.  false: it is a child of vfork, or of a bare clone, in
 * which there are none of them.  Without the lock. */
bool registry_is_here(void);

/* Child of a fork: the calling thread, if it has a record, is the only one. */
void registry_forked(void);

#endif
