/* A second marker, as simple as can be, with tables of its own: for verifying the real
 * marker and for questions that it does not answer.
 *
 * It shares no code with the marker: it finds a block by walking back to the unit whose
 * distance is 0, a slot by division, and keeps a plain stack.  It changes nothing in the heap. */
#ifndef GCALLOC_COLLECT_NAIVE_H
#define GCALLOC_COLLECT_NAIVE_H

#include "heap/layout.h"
#include "roots/range.h"

struct naive {
    struct heap *heap;
    bool exact;       /* only pointers to the start of an object count */
    uint8_t *reached; /* 1 for objects that were reached */
    size_t count;     /* of these */
    uintptr_t *stack; /* objects reached and not scanned yet */
    size_t depth, capacity;
    size_t map_bytes;
    bool failed; /* memory ran out: the result is not to be used */
};

struct found {
    uintptr_t address;
    size_t size;   /* of the slot */
    size_t number; /* granules in front of it; names the object in tables */
    const uint8_t *state;
    unsigned kind;
    const struct layout *layout; /* tells of its words; NULL: the kind does */
};

/* The number of a slot at this address, as struct found has it. */
size_t naive_number(const struct naive *n, uintptr_t address);

/* Makes a naive marker that has reached nothing.  Returns false if there is no memory. */
bool naive_create(struct naive *n, struct heap *h, bool exact);
void naive_destroy(struct naive *n);

/* Finds the living object around an address.  Returns false if there is none. */
bool naive_find(const struct naive *n, uintptr_t address, struct found *f);

/* Whether the living object around an address has been reached; what is no such object
 * counts as reached. */
bool naive_has_reached(const struct naive *n, uintptr_t address);

/* Reaches what the word points to, if it is a pointer. */
void naive_reach(struct naive *n, uintptr_t word);

/* Reaches what the aligned words in the ranges point to. */
void naive_scan(struct naive *n, const struct range_list *l);

/* As naive_scan, with words at each byte of the ranges. */
void naive_scan_code(struct naive *n, const struct range_list *l);

/* Reaches small atomic objects to whose end a word of a stack points. */
void naive_scan_ends(struct naive *n, const struct range_list *stacks);

/* Reaches every manual object. */
void naive_reach_manual(struct naive *n);

/* Reaches all that can be reached from what has been reached so far. */
void naive_follow(struct naive *n);

/* Words that were copied, with their number; they last until the next call. */
struct copied {
    const uintptr_t *words;
    size_t count;
    /* With option unaligned, so many more follow them, each of which began half a word behind the one
     * that has its place among the others. */
    size_t halves;
};

/* How far behind the first word this one began. */
INLINE size_t copied_offset(const struct copied *c, size_t i)
{
    size_t word = sizeof(uintptr_t);
    return i < c->count ? i * word : (i - c->count) * word + word / 2;
}

/* Copies the words from *low on, as far as the page goes or to `high`; *low comes to lie
 * behind them.  There are none in a page that cannot be read.  The world lock is held,
 * and faults_try may be used. */
struct copied naive_copy(uintptr_t *low, uintptr_t high);

/* Whether some of the object's words may be pointers. */
bool naive_has_words(const struct found *f);

/* Copies the next words of an object that has some, from byte *at on, which moves; it is
 * 0 at first.  Where the layout excludes a word there is 0.  Of an object with a trace
 * function, *at counts the bytes of the words that the function has named.  Returns false
 * if there are no more. */
bool naive_words(const struct naive *n, const struct found *f, size_t *at,
                 struct copied *c);

#endif
