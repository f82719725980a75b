/* A random graph of objects, and what of it is reachable, found by sorting addresses: no
 * code of the library takes part. */
#ifndef GCALLOC_UNIT_GRAPH_H
#define GCALLOC_UNIT_GRAPH_H

#include "support.h"

struct node {
    uintptr_t low, high; /* addresses that count as pointers to it */
    size_t size;         /* bytes that are scanned */
    uint8_t *state;
    enum kind kind;
    bool reached;
};

enum { NODES_MOST = 4000, GRAPH_ROOTS = 24 };

struct graph {
    struct fixture f;
    struct node nodes[NODES_MOST]; /* by address */
    uint32_t count;
    uintptr_t roots[GRAPH_ROOTS];
};

/* Allocates objects up to NODES_MOST, of all kinds and sizes, and draws new roots. */
void graph_grow(struct graph *g);

/* Nothing is reached; then what the words in [low, high) reach; what manual objects do.
 */
void graph_clear(struct graph *g);
void graph_reach(struct graph *g, const uintptr_t *low, const uintptr_t *high);
void graph_reach_manual(struct graph *g);

/* Every reached object has state h->numbers->mark, and no other. */
void graph_compare(const struct graph *g);

/* Takes the objects that were not reached off the list. */
void graph_forget(struct graph *g);

#endif
