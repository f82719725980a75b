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

struct cache;
struct critical;
struct snapshot;

/* How a thread left a stack: all that it uses of it is from `sp` up (0 if that is not
 * known, and all of it counts), and these were the registers. */
struct departure {
    uintptr_t sp;
    uintptr_t registers[REGISTERS];
};

/* The record of a thread.  The owner of a field is "registry", changed under the world
 * lock; "own", written by the thread itself and its signal handlers, read while it is
 * stopped; or "collector", changed while the world is stopped. */
struct mutator {
    struct mutator *next, *previous; /* registry */
    enum life life;                  /* see world/life.h */
    bool joinable;   /* registry, atomic: the record stays after its end */
    uint64_t serial; /* registry: the number of the record; none is given twice */
    bool own;        /* registry: a thread of the library's own */
    bool given;      /* before it starts: its stack is memory of the program's */
    bool named;      /* registry: its pthread_t has been noted */
    /* Registry: where the program wants the pthread_t; NULL once it is there. */
    pthread_t *place;
    /* Registry: the entry by pthread_t, while the thread is joinable and nobody joins or
     * detaches it; and by tid, while it lives. */
    struct index_entry name, number;
    pid_t tid; /* own */

    /* enum safety (world/life.h).  The thread is stopped while a stop has claimed it. */
    uint32_t safety;
    /* Valid while the thread is stopped; own, up to `alternate`. */
    uintptr_t sp; /* all that it uses of the stack it runs on is from here up */
    /* Where the signal found the stack pointer, or `sp` without a signal.  Saved program
     * counters lie above; what lies below may be remains of calls that have returned. */
    uintptr_t interrupted;
    /* The thread's cache may be being changed.  The collector looks for that in the
     * stacks, too, which tell of a fast path that a handler unknown here interrupted. */
    bool in_fast_path;
    struct {
        uintptr_t low, high;
    } alternate; /* the alternate signal stack that it runs on, or empty */
    /* The alternate stack that the system has disarmed for the handler that runs, as
     * SS_AUTODISARM asks it to, and so knows nothing of.  Own. */
    stack_t disarmed;
    /* The low end of the alternate stack that the system has for the thread, or NULL.  Only the
     * system may have a pointer to it, so that the memory is kept by this and by `disarmed`. */
    void *armed;
    /* While the thread runs on a stack of the library's, which begins at `low` (0: it
     * does not), all that it uses of the program's stack is from `left` up.  Own. */
    struct {
        uintptr_t low, left;
    } system;

    /* The bounds of the thread's own stack; the main thread's low end moves down as the
     * stack grows.  Own, constant while it lives. */
    uintptr_t stack_low, stack_high;
    uintptr_t pointer;                         /* see thread_pointer.  Own, constant */
    struct critical *critical;                 /* its critical sections.  Own, constant */
    const struct interruptions *interruptions; /* own, constant */
    /* The mapping that its thread-local variables are in, where that is not its own stack; `high` 0: not known yet.
     * Collector. */
    struct {
        uintptr_t low, high;
    } local;

    /* The low ends of the registered stack that the thread runs on, or goes to, and of
     * the one it was on before; 0 stands for its own stack.  Own. */
    uintptr_t coroutine, left;
    struct departure departure; /* from its own stack; own */

    struct cache *cache; /* own; NULL before its first slow path */
    /* Own: the caches that handlers set aside, the latest first, and one for the next
     * handler. */
    struct cache *aside, *spare;
    unsigned aside_count;
    bool deaf; /* collector: it did not stop when it was last told to */
    /* Collector: the thread may have the signal pending, as it slept with it blocked. */
    bool waited;
    bool untold; /* collector: the present stop cannot tell it, or need not try */
    struct snapshot *snapshot; /* own: what it found out for a collection */
    bool ready;        /* own: no slow path has anything to prepare or to restore */
    bool temporary;    /* own: past its exit hook; every call registers it anew */
    unsigned blocking; /* own: gc_blocking_begin less gc_blocking_end */
    unsigned calls;    /* own: of slow paths under way while it is not ready */
    unsigned exits;    /* own: times that its exit hook has run */

    uintptr_t registers[REGISTERS]; /* own: those at gc_blocking_begin; else 0 */

    void *(*start)(void *argument); /* registry */
    void *argument;                 /* a root until the thread runs */
    void *result;                   /* a root from its end until it is joined */

    size_t value_count;
    void *values[PTHREAD_KEYS_MAX]; /* its thread-specific values, when stopped; own */
};

/* Puts a record on the list for a thread about to start, of the library's own or the
 * program's; `place` is where its pthread_t is put, or NULL.  Returns NULL if there is no
 * memory. */
struct mutator *registry_add(bool own, bool joinable, pthread_t *place);

/* Takes a record off the list again, for a thread that could not start. */
void registry_discard(struct mutator *m);

/* Notes the thread's pthread_t.  It is said by the thread itself and by who made it; the
 * first one counts, and the other one does not touch the program's variable, which may be
 * gone by then. */
void registry_name(struct mutator *m, pthread_t thread);

/* Enters a record by its tid, which is known as the thread lives. */
void registry_number(struct mutator *m);

/* Ends the record of a thread that is gone: its caches go back, the record too unless
 * somebody may join. */
void registry_end(struct mutator *m);

/* Ends the record of a thread that is gone and never said so: it counts as lost. */
void registry_lost(struct mutator *m);

/* How many threads were lost, or were left behind by forks, or by siglongjmp have left a
 * fast path for good: each may have left a slot reserved.  registry_count_lost counts one
 * more.  Neither needs the lock. */
uint32_t registry_lost_count(void);
void registry_count_lost(void);

/* Whether no thread of the program starts or lives. */
bool registry_is_empty(void);

/* Checks that each record is where its life says, and nowhere else.  The world is stopped. */
void registry_check(void);

/* What thread_claim, thread_unclaim, thread_joined and thread_detached (world/thread.h)
 * do to the records. */
struct mutator *registry_claim(pthread_t thread);
void registry_unclaim(struct mutator *m, pthread_t thread);
void registry_joined(struct mutator *m);
void registry_detached(struct mutator *m);

/* for (MUTATORS(m)) visits every record, from registry_first on. */
struct mutator *registry_first(void);
#define MUTATORS(m)                       \
    struct mutator *m = registry_first(); \
    m;                                    \
    m = m->next

/* Whether the thread's stack and registers are roots.  Needs no lock. */
INLINE bool thread_lives(const struct mutator *m)
{
    return __atomic_load_n(&m->life, __ATOMIC_SEQ_CST) == LIFE_LIVING;
}

/* Says that from now on the threads are those of the calling process. */
void registry_begin(void);

/* Whether the threads are this process's.  They are not in a child of vfork, or of a bare
 * clone, in which there are none of them.  Needs no lock. */
bool registry_is_here(void);

/* Ends all records in the child of a fork but that of the calling thread, if it has one:
 * it is the only thread. */
void registry_forked(void);

#endif
