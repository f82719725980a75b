/* The tree of free extents, in the order in which a policy prefers them.  Each node also
 * says what its subtree and its left subtree have to offer, the longest extent and the
 * sizes of buddies, so that a search goes down one path and looks at nothing beside it.
 * It is O(log n) but for requests aligned to more than a unit, which are rare. */
#include "heap/fit_tree.h"

#include "base/check.h"
#include "base/treap.h"
#include "heap/buddy.h"
#include "heap/lookup.h"

static struct treap_links *links(void *owner, uint32_t first)
{
    struct heap *h = owner;
    return &h->units[first].extent.links;
}

static bool is_lower(void *owner, uint32_t a, uint32_t b)
{
    (void)owner;
    return a < b;
}

static bool is_smaller(void *owner, uint32_t a, uint32_t b)
{
    const struct heap *h = owner;
    uint32_t units_a = h->units[a].extent.units, units_b = h->units[b].extent.units;
    return units_a < units_b || (units_a == units_b && a < b);
}

static void update(void *owner, uint32_t node)
{
    struct heap *h = owner;
    struct extent *e = &h->units[node].extent;
    uint32_t left = e->links.left, right = e->links.right;
    e->left_longest = left ? h->units[left].extent.longest : 0;
    e->left_orders = left ? h->units[left].extent.orders : 0;
    e->longest = (uint32_t)max_size(e->left_longest, e->units);
    e->orders = e->left_orders | buddy_orders(node, e->units);
    if (right) {
        e->longest = (uint32_t)max_size(e->longest, h->units[right].extent.longest);
        e->orders |= h->units[right].extent.orders;
    }
}

/* The tree's root and order are the heap's, and its functions this process's. */
static struct treap tree_of(const struct heap *h)
{
    const struct fit_state *s = &h->numbers->fit_state;
    return (struct treap){
        .root = s->root,
        .owner = (void *)(uintptr_t)h,
        .links = links,
        .less = s->by_size ? is_smaller : is_lower,
        .update = update,
    };
}

static void start(struct heap *h, bool by_size)
{
    struct fit_state *s = &h->numbers->fit_state;
    s->root = s->cursor = 0;
    s->by_size = by_size;
}

void fit_tree_start_by_address(struct heap *h)
{
    start(h, false);
}

void fit_tree_start_by_size(struct heap *h)
{
    start(h, true);
}

void fit_tree_insert(struct heap *h, uint32_t first)
{
    struct treap t = tree_of(h);
    treap_insert(&t, first);
    h->numbers->fit_state.root = t.root;
}

void fit_tree_remove(struct heap *h, uint32_t first)
{
    struct treap t = tree_of(h);
    treap_remove(&t, first);
    h->numbers->fit_state.root = t.root;
}

uint32_t fit_tree_reorder(struct heap *h, bool by_size)
{
    uint32_t moved = 0;
    struct treap old = tree_of(h);
    start(h, by_size);
    for (; old.root; moved++) {
        uint32_t first = old.root;
        treap_remove(&old, first);
        fit_tree_insert(h, first);
    }
    return moved;
}

static struct fit_place find_in(struct heap *h, uint32_t node, uint32_t from,
                                uint32_t units, uint32_t alignment)
{
    while (node) {
        h->numbers->fit_state.steps++;
        const struct extent *e = &h->units[node].extent;
        if (e->longest < units)
            break;
        if (node >= from && e->left_longest >= units) {
            struct fit_place found = find_in(h, e->links.left, from, units, alignment);
            if (found.extent)
                return found;
        }
        if (node >= from && e->units >= units) {
            uint32_t skipped = unit_skip(h, node, alignment);
            if (e->units - units >= skipped)
                return (struct fit_place){node, node + skipped};
        }
        node = e->links.right;
    }
    return (struct fit_place){0};
}

struct fit_place fit_tree_find(struct heap *h, uint32_t from, uint32_t units,
                               uint32_t alignment)
{
    return find_in(h, h->numbers->fit_state.root, from, units, alignment);
}

static void check_node(void *argument, uint32_t node)
{
    struct heap *h = argument;
    struct extent *e = &h->units[node].extent;
    struct extent said = *e;
    update(h, node);
    CHECK(e->longest == said.longest && e->left_longest == said.left_longest);
    CHECK(e->orders == said.orders && e->left_orders == said.left_orders);
}

uint32_t fit_tree_check(const struct heap *h)
{
    struct treap t = tree_of(h);
    treap_walk(&t, check_node, t.owner);
    return treap_check(&t);
}
