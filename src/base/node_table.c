/* Nodes taken from the table, and given back to it. */
#include "base/node_table.h"

#include "base/check.h"
#include "base/meta.h"

struct treap_links *node_table_links(void *table, uint32_t node)
{
    const struct node_table *t = table;
    return (struct treap_links *)((char *)t->nodes + node * t->node_bytes);
}

uint32_t node_table_make(struct node_table *t)
{
    uint32_t node = t->unused;
    if (node) {
        t->unused = node_table_links(t, node)->left;
        return node;
    }
    size_t next = max_size(t->count, 1);
    void *nodes = meta_grow(ACCOUNT_ROOTS, t->nodes, next, &t->capacity, t->node_bytes);
    if (!nodes)
        return 0;
    t->nodes = nodes;
    t->count = next + 1;
    return (uint32_t)next;
}

void node_table_remove(struct node_table *t, uint32_t node)
{
    treap_remove(&t->tree, node);
    node_table_links(t, node)->left = t->unused;
    t->unused = node;
}

uint32_t node_table_check(const struct node_table *t)
{
    uint32_t unused = 0, used = treap_check(&t->tree);
    for (uint32_t node = t->unused; node; unused++) {
        CHECK(node < t->count);
        node = node_table_links((void *)(uintptr_t)t, node)->left;
    }
    CHECK(used + unused == max_size(t->count, 1) - 1);
    return used;
}
