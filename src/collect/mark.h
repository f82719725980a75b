/* Marking: from words that may be pointers to all that they reach.  Where the roots are,
 * and when they are to be marked, is not known here.
 *
 * A word that may be a pointer leads to a candidate, a slot with its state byte.  The
 * byte is prefetched while the candidate waits in a first queue; when it leaves that
 * queue it is tested and set, and a newly marked object, itself prefetched, waits in a
 * second queue until it is scanned for more candidates. */
#ifndef GCALLOC_COLLECT_MARK_H
#define GCALLOC_COLLECT_MARK_H

#include "base/os.h"
#include "collect/filter.h"
#include "collect/grey_queue.h"
#include "collect/share.h"
#include "heap/lookup.h"

enum {
    PIECE_BYTES = 8192, /* larger objects are scanned in pieces; bounds the grey queue */
    PARTS = 32,         /* parts of a large object that are found together */
    CANDIDATES = 64,    /* first queue: state bytes on their way to the cache */
    HALF_WORD = 4,      /* bytes: members of packed structures lie at multiples of it */
    PENDING = 32,       /* second queue, each half: objects on their way to the cache */
};

struct pool;
struct far;

/* A slot that a word points into. */
struct candidate {
    uint8_t *state;
    size_t offset; /* in the heap, of where the word points */
};

struct marker {
    struct heap *heap;
    struct pool *pool; /* what it shares work through; NULL: it is the only marker */
    size_t near_bytes; /* heaps of fewer bytes are marked without the first queue */
    /* The first queue is a ring, from `oldest` to `newest` - 1, modulo its size: both
     * only count up. */
    struct candidate candidates[CANDIDATES];
    uint32_t oldest, newest;
    struct grey pending[2][PENDING]; /* one half is scanned while the other is filled */
    unsigned filling; /* the half that is filled; between calls the other is empty */
    uint32_t filled;  /* how many objects that half has */
    struct grey_queue grey; /* what the second queue has no room for */
    struct far *far;        /* the heap is larger than memory; else NULL */
    uintptr_t last;         /* address of the object scanned last */
    bool overflowed; /* the grey queue could not grow: some marked object is unscanned */
    uint32_t overflows;          /* how often it was so; only the first marker counts */
    size_t root_bytes;           /* of ranges scanned in this cycle */
    struct os_part parts[PARTS]; /* of a large object, with memory */
    bool unaligned;              /* words at multiples of HALF_WORD are considered, too */
    bool beside;                 /* the program runs meanwhile */
    int pages;               /* beside it: what os_pages_open returned to whoever marks */
    filter_function *filter; /* NULL: none is faster than a loop */
    /* Those at multiples of HALF_WORD follow the others.  It is not on the stack, where they would keep
     * objects. */
    uintptr_t found[2 * FILTER_WORDS];
};

/* Makes a marker, whose grey queue takes 1 / `part` of the size of the heap's address
 * space.  Returns false with errno ENOMEM if there is no memory for it. */
bool marker_create(struct marker *m, struct heap *h, size_t part);

enum { MARKER_PART = 8 };

/* Begins a cycle.  With `flips`, h->numbers->mark is the other mark from now on, so that
 * nothing is marked; without, what the last cycle marked still is, and what it points to
 * is not looked at. */
void marker_begin(struct marker *m, bool flips);

/* Scans [low, high), of which every aligned word may be a pointer. */
void marker_scan_roots(struct marker *m, uintptr_t low, uintptr_t high);

/* Scans [low, high), of which words at any byte may be pointers, for those that are not aligned. */
void marker_scan_code(struct marker *m, uintptr_t low, uintptr_t high);

/* Marks what each of these words points to. */
void marker_mark_words(struct marker *m, const uintptr_t *words, size_t count);

/* Scans [low, high), of a stack or of registers, of which every aligned word may be a
 * pointer; one to the end of a small atomic object keeps that alive, too. */
void marker_scan_stack(struct marker *m, uintptr_t low, uintptr_t high);

/* Marks what the object points to, but for the object itself, which is left as it is. */
void marker_scan_object(struct marker *m, const struct cell *o);

/* Has the next drain do what marker_scan_object does, with the other markers' help.  Returns false
 * if it cannot: the object is typed, or has PUSHED_BYTES or more, or leads to itself, or there is
 * no room for it.  If a drain raises m->overflows, objects that were pushed may not have been
 * scanned. */
bool marker_push_object(struct marker *m, const struct cell *o);

/* These have the next drain scan a marked object again, or [low, high), which lies in marked objects side by
 * side that have no layout. */
void marker_push_again(struct marker *m, const struct cell *o);
void marker_push_range(struct marker *m, uintptr_t low, uintptr_t high);

enum {
    PUSHED_BYTES = 512
}; /* all of such an object can be read, and is scanned in one piece */

/* Marks what the words of [low, high) point to, of a stack that lies in the object, but for the
 * object itself. */
void marker_scan_stack_in(struct marker *m, uintptr_t low, uintptr_t high,
                          const struct cell *o);

/* Marks every manual object. */
void marker_mark_manual(struct marker *m);

/* Marks all that is reachable from what was marked so far, with the other markers' help. */
void marker_drain(struct marker *m);

/* Whether so many numbers are worth the other markers' help, and there are any. */
bool marker_would_share(const struct marker *m, size_t count);

/* Sees to all parts of a pass, with the other markers' help if it would share so many, and
 * marks all that is reachable from what was marked so far and by the parts. */
void marker_share(struct marker *m, struct share *s);

/* Marks all that is reachable from what was marked so far, on this thread alone: for what
 * is little and asked for often. */
void marker_drain_alone(struct marker *m);

/* Marks a part, on this thread alone, of what is reachable from what was marked so far, while the program runs:
 * about as much as so many batches, of PENDING objects each.  What the program writes meanwhile is to be
 * scanned again.  Objects whose trace functions would have to be called are not scanned, and neither is
 * what cannot be read.  `pages` is what os_pages_open returned.  Returns whether nothing is grey any more.
 * The world lock is held. */
bool marker_drain_beside(struct marker *m, unsigned batches, int pages);

/* A telling is called, with its state byte, for each object that comes to be marked in a
 * block that has noted objects (block_note), or is of a larger class.  The call comes in
 * the midst of marking, and so leaves the marker alone. */
struct telling {
    void (*marked)(void *argument, const uint8_t *state);
    void *argument;
};

/* Marks what these words lead to and all that is reachable from there, on this thread
 * alone, and tells of it.  Nothing is grey before.  Returns false if after a mark-stack
 * overflow some objects were marked and not told. */
bool marker_mark_telling(struct marker *m, const uintptr_t *words, size_t count,
                         const struct telling *t);

/* Has one of the other markers see to parts of the pass that is under way, and mark all that is
 * reachable from what is on its grey queue. */
void marker_help(struct marker *m);

/* Ends a cycle. */
void marker_end(struct marker *m);

/* Checks that nothing is grey, as is so between two drains: the queues are empty, and no
 * object is marked but not scanned. */
void marker_check(const struct marker *m);

/* Checks that the queues of a marker are empty.  One of the other markers need not have a
 * heap yet. */
void marker_check_queues(const struct marker *m);

#endif
