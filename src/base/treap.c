/* The treap: ordered by `less` from left to right, by priority from the root down. */
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

static void update(struct treap *t, uint32_t node)
{
    if (t->update)
        t->update(t->owner, node);
}

/* Cuts the subtree into what is less than `node` and the rest. */
static void split(struct treap *t, uint32_t subtree, uint32_t node, uint32_t *less,
                  uint32_t *rest)
{
    if (!subtree) {
        *less = *rest = 0;
        return;
    }
    struct treap_links *l = links(t, subtree);
    if (t->less(t->owner, subtree, node)) {
        *less = subtree;
        split(t, l->right, node, &l->right, rest);
    } else {
        *rest = subtree;
        split(t, l->left, node, less, &l->left);
    }
    update(t, subtree);
}

/* Joins two subtrees, all of `left` less than all of `right`, and returns the one. */
static uint32_t join(struct treap *t, uint32_t left, uint32_t right)
{
    if (!left || !right)
        return left ? left : right;
    uint32_t top = above(left, right) ? left : right;
    struct treap_links *l = links(t, top);
    if (top == left)
        l->right = join(t, l->right, right);
    else
        l->left = join(t, left, l->left);
    update(t, top);
    return top;
}

/* Two functions return the changed subtree: `with` puts the node into it, and `without`
 * takes it out. */
static uint32_t with(struct treap *t, uint32_t subtree, uint32_t node)
{
    if (!subtree || above(node, subtree)) {
        struct treap_links *own = links(t, node);
        split(t, subtree, node, &own->left, &own->right);
        update(t, node);
        return node;
    }
    struct treap_links *l = links(t, subtree);
    if (t->less(t->owner, node, subtree))
        l->left = with(t, l->left, node);
    else
        l->right = with(t, l->right, node);
    update(t, subtree);
    return subtree;
}

static uint32_t without(struct treap *t, uint32_t subtree, uint32_t node)
{
    CHECK(subtree != 0);
    struct treap_links *l = links(t, subtree);
    if (subtree == node)
        return join(t, l->left, l->right);
    if (t->less(t->owner, node, subtree))
        l->left = without(t, l->left, node);
    else
        l->right = without(t, l->right, node);
    update(t, subtree);
    return subtree;
}

void treap_insert(struct treap *t, uint32_t node)
{
    t->root = with(t, t->root, node);
}

void treap_remove(struct treap *t, uint32_t node)
{
    t->root = without(t, t->root, node);
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
