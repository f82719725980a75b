/* A tree of documents by their keys, in a region, that never changes: who puts or removes one gets another
 * tree, which shares with the first one all but the way to that document. */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include <gcalloc/region.h>
#include <stdint.h>

struct document {
    uint64_t sum; /* of the bytes */
    size_t size;
    char bytes[];
};

struct node {
    const struct node *left, *right;
    const char *key;
    const struct document *document;
    uint64_t priority; /* of the key alone: so a tree's form follows from what is in it */
};

/* All are called inside of a bracket.  Where memory runs out `failed` becomes true, and what is returned is no
 * tree to use. */
struct tree_maker {
    gc_region *region;
    bool failed;
};

const struct document *document_new(struct tree_maker *m, const void *bytes, size_t size);
bool document_is_sound(const struct document *d);

const struct document *tree_find(const struct node *tree, const char *key);
const struct node *tree_with(struct tree_maker *m, const struct node *tree,
                             const char *key, const struct document *document);
const struct node *tree_without(struct tree_maker *m, const struct node *tree,
                                const char *key);

/* In the order of keys. */
void tree_visit(const struct node *tree,
                void (*visit)(const char *key, const struct document *d, void *data),
                void *data);

#endif
