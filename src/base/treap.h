/* A balanced search tree of numbered nodes: a treap, whose balance comes from a hash of
 * each node's number, so that nodes hold two links and nothing else.
 *
 * Nodes are numbers from 1 on, and 0 is none; where a node's links are, and how two nodes
 * compare, the owner says.  No two nodes compare equal.  No recursion goes deeper than
 * the tree, O(log n) expected. */
#ifndef GCALLOC_BASE_TREAP_H
#define GCALLOC_BASE_TREAP_H

#include <stdbool.h>
#include <stdint.h>

struct treap_links {
    uint32_t left, right;
};

struct treap {
    uint32_t root;
    void *owner;
    struct treap_links *(*links)(void *owner, uint32_t node);
    bool (*less)(void *owner, uint32_t a, uint32_t b);
    /* Brings up to date what a node says of its subtree, those below it being right.  May
     * be NULL. */
    void (*update)(void *owner, uint32_t node);
};

void treap_insert(struct treap *t, uint32_t node);
void treap_remove(struct treap *t, uint32_t node);

/* Calls visit(argument, node) in order. */
void treap_walk(const struct treap *t, void (*visit)(void *argument, uint32_t node),
                void *argument);

/* Checks that order and heap property hold; returns the number of nodes. */
uint32_t treap_check(const struct treap *t);

#endif
