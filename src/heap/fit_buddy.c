/* Buddies: a request of n units goes to the start of the smallest free buddy that holds
 * it, the lowest of equals.  A buddy is 2^k units at a multiple of 2^k.
 *
 * Free extents are coalesced whatever their buddies are, and so there are no lists of
 * buddies: an extent *is* the few largest buddies that it can be cut into, and which
 * these are follows from its first unit and its length.  Taking from one leaves its other
 * halves in the extents that remain, giving back makes larger ones: splitting and merging
 * without a line of code.  Only n units are taken, not the whole 2^k.
 *
 * Where no buddy is large enough, units that are free together serve all the same, the
 * lowest first: no request fails that another policy could serve.  They also serve requests
 * with an alignment, which is one of addresses, not of unit numbers. */
#include "heap/buddy.h"
#include "heap/fit_tree.h"

enum { ORDERS = 32 };

/* The lowest extent with a buddy of this order, in a tree that has one. */
static uint32_t find_order(struct heap *h, unsigned order)
{
    uint32_t node = h->numbers->fit_state.root;
    for (;;) {
        h->numbers->fit_state.steps++;
        const struct extent *e = &h->units[node].extent;
        if (e->left_orders >> order & 1)
            node = e->links.left;
        else if (buddy_orders(node, e->units) >> order & 1)
            return node;
        else
            node = e->links.right;
    }
}

static struct fit_place find(struct heap *h, uint32_t units, uint32_t alignment)
{
    struct fit_state *s = &h->numbers->fit_state;
    s->searches++;
    uint32_t root = s->root, order = buddy_order_for(units);
    uint32_t orders = root && order < ORDERS ? h->units[root].extent.orders : 0;
    orders &= ~((1u << order % ORDERS) - 1);
    if (!orders || alignment > 1)
        return fit_tree_find(h, 0, units, alignment);
    order = (uint32_t)__builtin_ctz(orders);
    uint32_t extent = find_order(h, order);
    uint32_t start = buddy_lowest(extent, h->units[extent].extent.units, order);
    return (struct fit_place){extent, start};
}

const struct fit fit_buddy = {
    "buddy",       fit_tree_start_by_address, fit_tree_insert, fit_tree_remove, find,
    fit_tree_check};
