/* A search tree together with the table that its nodes lie in, in the library's own memory.
 *
 * It knows nothing of what a node holds but its links, with which each begins, and takes no lock.
 * A number that is given out stands for its node until that is removed, while the table, and with
 * it each address of a node, may move when a node is made. */
#ifndef GCALLOC_BASE_NODE_TABLE_H
#define GCALLOC_BASE_NODE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/treap.h"

struct node_table {
    struct treap tree; /* its owner is this table */
    size_t node_bytes;
    void *nodes; /* by number; number 0 is no node */
    /* The numbers given so far, 0 among them, and the numbers there is room for. */
    size_t count, capacity;
    uint32_t unused; /* nodes that were removed, linked through `left` */
};

/* The initial value of a table of nodes of this type, ordered by order(table, a, b). */
#define NODE_TABLE(table, type, order)                                           \
    {                                                                            \
        .tree = {.owner = &(table), .links = node_table_links, .less = (order)}, \
        .node_bytes = sizeof(type),                                              \
    }

/* The links of a node, as NODE_TABLE gives them to the tree. */
struct treap_links *node_table_links(void *table, uint32_t node);

/* Makes a node that is not in the tree yet: it is to be inserted once its owner has
 * filled it in.  Returns 0 if there is no memory. */
uint32_t node_table_make(struct node_table *t);

INLINE void node_table_insert(struct node_table *t, uint32_t node)
{
    treap_insert(&t->tree, node);
}

/* Removes a node that is in the tree; its number may be given out again. */
void node_table_remove(struct node_table *t, uint32_t node);

/* Checks that the tree is in order, and that its nodes and the unused ones are all that
 * there are.  Returns how many are in the tree. */
uint32_t node_table_check(const struct node_table *t);

#endif
