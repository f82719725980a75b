/* One cycle on a stopped world, from the first root to the last free block.  When it
 * comes, and what stops the world for it, is the collector's to know (collector.h).
 *
 * Invariant: a cycle that began to mark goes on to its sweep, so that no object keeps the
 * mark of half a cycle.  Of one that marks beside the program, each stop runs a kind of its own, and nothing
 * but the second follows the first (collect/concurrent.h). */
#ifndef GCALLOC_COLLECT_CYCLE_H
#define GCALLOC_COLLECT_CYCLE_H

#include "collect/cycle_roots.h"
#include "collect/trial.h"

struct cycle;

/* Why a cycle runs; shown in the log. */
enum cause {
    CAUSE_BUDGET,     /* enough was allocated since the last cycle */
    CAUSE_MEMORY,     /* an allocation found no memory */
    CAUSE_REQUEST,    /* gc_collect */
    CAUSE_STRESS,     /* option stress */
    CAUSE_LEAKS,      /* a leak check */
    CAUSE_IDLE,       /* the program rests */
    CAUSE_YOUNG,      /* gc_collect_young */
    CAUSE_BEGIN,      /* it is time to mark beside the program */
    CAUSE_QUARANTINE, /* what was freed may go if nothing points to it */
};

/* What becomes of the marks of the last cycle.  It is a value: whoever does something in
 * a cycle asks for the property, and not which kind it is. */
struct cycle_kind {
    const char *label; /* its name; that of the usual kind is not in the log */
    /* Marking begins with the other mark value, so that no object is marked.  Otherwise
     * objects that the last cycle marked still are, and are neither scanned nor swept:
     * the roots have to lead to all that they have come to point to since. */
    bool flips;
    /* The sweep counts what lives from nothing.  Otherwise it goes on from what it
     * counted last, block by block: blocks that it may leave out then count with what
     * they had. */
    bool recounts;
    /* What old objects have come to point to since the last cycle is marked as well: the remembered set is
     * among the roots. */
    bool remembers;
    /* What is marked is just what the roots reach, and not something else beside it. */
    bool is_exact;
    bool young;  /* only what has come since the last cycle may be reclaimed */
    bool begins; /* it reclaims nothing: another goes on with what it has begun */
    /* It marks nothing and reclaims nothing, so that no other cycle depends on it, and is no collection. */
    bool looks;
    /* Blocks that stay tenured are left to be swept beside the program, if there is a thread for that. */
    bool sweeps_later;
    /* What the cycle does, where it is not what cycle_run does; it sets the times.  NULL: it is. */
    void (*run)(struct cycle *c);
};

/* The kind of cycle that marks everything anew. */
extern const struct cycle_kind cycle_full;

/* The kind that has only somebody look at the roots and the objects, while the world is stopped. */
extern const struct cycle_kind cycle_look;

/* From now on that is what cycles of CAUSE_QUARANTINE are.  Set once, when the heap is made. */
void cycle_look_with(void (*look)(struct cycle *c));

/* Whether a cycle of this cause only looks. */
bool cycle_is_look(enum cause cause);

/* What a cycle scans, and what it measures.  It begins with zeros but for heap, marker
 * and kind; the lists are kept from one cycle to the next. */
struct cycle {
    struct heap *heap;
    struct marker *marker; /* of that heap */
    const struct cycle_kind *kind;
    enum cause cause;
    uintptr_t sp; /* the collecting thread's stack from here up */
    struct cycle_roots roots;
    /* Times by os_now; the last three are set by cycle_run. */
    uint64_t began, stopped, marked, swept, ended;
    /* Nanoseconds of processors from `stopped` to `swept`; wall time if that is not known. */
    uint64_t used;
    /* Bytes that were reclaimed by it, and what the one before has left to be swept; and by all before. */
    uint64_t reclaimed, reclaimed_before;
    size_t charged;       /* what had been allocated when it began, of the budget */
    size_t live_before;   /* bytes that the last one found alive */
    size_t gained;        /* of what was allocated since, as much at least has survived */
    size_t written_pages; /* of tenured blocks, where it remembers */
    struct trial_result trial; /* that it has ended */
    size_t static_bytes;       /* of static data that it scanned, */
    size_t static_pages; /* in which the program has had to fault for so many pages */
    bool keeps_more;     /* for want of memory more is marked than the roots reach */
    bool leaves_tenured; /* its kind sweeps later, and there is a thread for that */
};

/* Registers the phases that every cycle has.  The world lock is held. */
void cycle_prepare(void);

/* Runs the cycle.  The world is stopped, the calling thread is registered, and the roots
 * are listed. */
void cycle_run(struct cycle *c);

/* Sets what it has reclaimed. */
void cycle_note_reclaimed(struct cycle *c);

/* Why it runs, in a word. */
const char *cycle_cause(const struct cycle *c);

/* Logs one line on the cycle of this number, in a heap that was made at heap_made.  The
 * world goes on: whoever reads what is written may be one of its threads. */
void cycle_log(const struct cycle *c, uint64_t number, uint64_t heap_made);

#endif
