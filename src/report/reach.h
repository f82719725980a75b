/* What the roots lead to, in the order of the distance from them, with the word that led to each object: a search in
 * breadth of its own, as the marker does not know where a word lies that it follows.
 *
 * All of it is done in a pause. */
#ifndef GCALLOC_REPORT_REACH_H
#define GCALLOC_REPORT_REACH_H

#include "collect/cycle.h"
#include "collect/naive.h"
#include "world/registry.h"

enum { FROM_NOTHING = UINT32_MAX }; /* the word is a root's */

/* An object that was reached, in the order in which it was. */
struct edge {
    uintptr_t address;
    uintptr_t at;      /* where the word lies; 0: a trace function has named it */
    uintptr_t pointer; /* what it points to */
    uint32_t from;     /* whose word it is, by place among the edges */
};

struct reach {
    struct naive seen;
    struct edge *edges;
    size_t count, capacity;
    /* Edges from static data come first, then those from what root callbacks named, then those from stacks. */
    size_t data, named;            /* where the first two end */
    uintptr_t object;              /* that is looked for; 0: none */
    const struct mutator *without; /* whose stack is left out; NULL: nobody's */
    bool found;                    /* it is the last edge */
};

/* Begins with nothing.  Returns false if there is no memory. */
bool reach_begin(struct reach *r, struct heap *h, uintptr_t object,
                 const struct mutator *without);
void reach_end(struct reach *r);

/* Whether there is nothing more to be done: the object was found, or memory has run out (seen.failed). */
bool reach_is_over(const struct reach *r);

/* Reaches what the roots lead to. */
void reach_from_roots(struct reach *r, const struct cycle *c);

/* Then what each manual object leads to that nothing has reached, in turn. */
void reach_from_leaks(struct reach *r);

#endif
