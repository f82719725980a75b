/* Treap: ordered by `less` from left to right, by priority from the root down. */
#include "base/treap.h"

#include "base/check.h"

static uint32_t priority(uint32_t node)
{
    uint32_t h = node * 2654435761u;
    h ^= h >> 15;
    h *= 2246822519u;
    return h ^ h >> 13;
}

static bool above(uint32_t a, uint32_t b)
{
    uint32_t pa = priority(a), pb = priority(b);
    return pa > pb || (pa == pb && a > b);
}

static struct treap_links *links(const struct treap *t, uint32_t node)
{
    return t->links(t->owner, node);
}

/* Cuts the subtree into what is less than `node` and the rest. */
static void split(struct treap *t, uint32_t subtree, uint32_t node, uint32_t *less,
                  uint32_t *rest)
{
    while (subtree) {
        struct treap_links *l = links(t, subtree);
        if (t->less(t->owner, subtree, node)) {
            *less = subtree;
            less = &l->right;
            subtree = l->right;
        } else {
            *rest = subtree;
            rest = &l->left;
            subtree = l->left;
        }
    }
    *less = *rest = 0;
}

void treap_insert(struct treap *t, uint32_t node)
{
    uint32_t *at = &t->root;
    while (*at && above(*at, node)) {
        struct treap_links *l = links(t, *at);
        at = t->less(t->owner, node, *at) ? &l->left : &l->right;
    }
    struct treap_links *own = links(t, node);
    split(t, *at, node, &own->left, &own->right);
    *at = node;
}

void treap_remove(struct treap *t, uint32_t node)
{
    uint32_t *at = &t->root;
    while (*at != node) {
        CHECK(*at != 0);
        struct treap_links *l = links(t, *at);
        at = t->less(t->owner, node, *at) ? &l->left : &l->right;
    }
    uint32_t left = links(t, node)->left, right = links(t, node)->right;
    while (left && right) {
        if (above(left, right)) {
            *at = left;
            at = &links(t, left)->right;
            left = *at;
        } else {
            *at = right;
            at = &links(t, right)->left;
            right = *at;
        }
    }
    *at = left ? left : right;
}

static void walk(const struct treap *t, uint32_t node, void (*visit)(void *, uint32_t),
                 void *argument)
{
    while (node) {
        struct treap_links l = *links(t, node);
        walk(t, l.left, visit, argument);
        visit(argument, node);
        node = l.right;
    }
}

void treap_walk(const struct treap *t, void (*visit)(void *argument, uint32_t node),
                void *argument)
{
    walk(t, t->root, visit, argument);
}

static uint32_t check(const struct treap *t, uint32_t node, uint32_t *previous)
{
    if (!node)
        return 0;
    struct treap_links l = *links(t, node);
    CHECK(!l.left || above(node, l.left));
    CHECK(!l.right || above(node, l.right));
    uint32_t count = check(t, l.left, previous);
    CHECK(!*previous || t->less(t->owner, *previous, node));
    *previous = node;
    return count + 1 + check(t, l.right, previous);
}

uint32_t treap_check(const struct treap *t)
{
    uint32_t previous = 0;
    return check(t, t->root, &previous);
}
