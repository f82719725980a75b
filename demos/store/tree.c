/* A treap (Seidel, Aragon, 1996): a tree by keys, and a heap by priorities, which are hashes of the keys. */
#include "tree.h"

#include <string.h>

static uint64_t hash_bytes(const void *bytes, size_t count)
{
    const unsigned char *p = bytes;
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ p[i]) * 0x100000001b3u;
    return hash;
}

static void *fail(struct tree_maker *m)
{
    m->failed = true;
    return NULL;
}

/* ---- Documents, and keys: atomic objects, in which no pointers are looked for ------------------------ */

const struct document *document_new(struct tree_maker *m, const void *bytes, size_t size)
{
    struct document *d = gc_region_alloc_atomic(m->region, sizeof *d + size);
    if (!d)
        return fail(m);
    d->size = size;
    d->sum = hash_bytes(bytes, size);
    memcpy(d->bytes, bytes, size);
    return d;
}

bool document_is_sound(const struct document *d)
{
    return d->sum == hash_bytes(d->bytes, d->size);
}

static const char *new_key(struct tree_maker *m, const char *key)
{
    size_t bytes = strlen(key) + 1;
    char *copy = gc_region_alloc_atomic(m->region, bytes);
    return copy ? memcpy(copy, key, bytes) : fail(m);
}

/* ---- Nodes ------------------------------------------------------------------------------------------ */

static struct node *new_node(struct tree_maker *m, const struct node *like)
{
    struct node *n = gc_region_alloc(m->region, sizeof *n);
    if (!n)
        return fail(m);
    *n = *like;
    return n;
}

const struct document *tree_find(const struct node *tree, const char *key)
{
    while (tree) {
        int order = strcmp(key, tree->key);
        if (order == 0)
            return tree->document;
        tree = order < 0 ? tree->left : tree->right;
    }
    return NULL;
}

static struct node *new_leaf(struct tree_maker *m, const char *key,
                             const struct document *document)
{
    const char *copy = new_key(m, key);
    struct node leaf = {
        .key = copy,
        .document = document,
        .priority = hash_bytes(key, strlen(key)),
    };
    return copy ? new_node(m, &leaf) : NULL;
}

/* All nodes on the way are new, and nobody else's yet: so they may be turned. */
static struct node *with(struct tree_maker *m, const struct node *tree, const char *key,
                         const struct document *document)
{
    if (!tree)
        return new_leaf(m, key, document);
    int order = strcmp(key, tree->key);
    struct node *n = new_node(m, tree);
    struct node *child =
        n && order ? with(m, order < 0 ? tree->left : tree->right, key, document) : NULL;
    if (m->failed)
        return NULL;
    if (order == 0) {
        n->document = document;
        return n;
    }
    bool turn = child->priority > n->priority;
    if (order < 0) {
        n->left = turn ? child->right : child;
        child->right = turn ? n : child->right;
    } else {
        n->right = turn ? child->left : child;
        child->left = turn ? n : child->left;
    }
    return turn ? child : n;
}

const struct node *tree_with(struct tree_maker *m, const struct node *tree,
                             const char *key, const struct document *document)
{
    return with(m, tree, key, document);
}

/* Every key of `a` comes before those of `b`. */
static const struct node *join(struct tree_maker *m, const struct node *a,
                               const struct node *b)
{
    if (!a || !b)
        return a ? a : b;
    bool left = a->priority > b->priority;
    struct node *n = new_node(m, left ? a : b);
    if (!n)
        return NULL;
    if (left)
        n->right = join(m, a->right, b);
    else
        n->left = join(m, a, b->left);
    return n;
}

const struct node *tree_without(struct tree_maker *m, const struct node *tree,
                                const char *key)
{
    int order = tree ? strcmp(key, tree->key) : 0;
    if (order == 0)
        return tree ? join(m, tree->left, tree->right) : NULL;
    struct node *n = new_node(m, tree);
    if (!n)
        return NULL;
    if (order < 0)
        n->left = tree_without(m, tree->left, key);
    else
        n->right = tree_without(m, tree->right, key);
    return n;
}

void tree_visit(const struct node *tree,
                void (*visit)(const char *key, const struct document *d, void *data),
                void *data)
{
    for (; tree; tree = tree->right) {
        tree_visit(tree->left, visit, data);
        visit(tree->key, tree->document, data);
    }
}
