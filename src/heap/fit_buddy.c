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
 * lowest first: no request fails that another policy could serve.  So do those for
 * requests with an alignment, which is one of addresses, not of unit numbers. */
#include "heap/fit.h"

enum { ORDERS = 32 };

/* The buddies to both sides of the most even number inside, `middle`: those to the left
 * grow towards it, those to the right shrink away from it, and each side has one of each
 * size at most, which its length in binary tells. */
static uint32_t middle_of(uint32_t first, uint32_t units)
{
    uint32_t end = first + units;
    return end & ~((1u << log2_floor(first ^ end)) - 1);
}

uint32_t fit_buddy_orders(uint32_t first, uint32_t units)
{
    uint32_t middle = middle_of(first, units);
    return (middle - first) | (first + units - middle);
}

/* The lowest buddy of this order in an extent that has one. */
static uint32_t buddy_in(const struct heap *h, uint32_t first, unsigned order)
{
    uint32_t end = first + h->units[first].extent.units;
    uint32_t middle = middle_of(first, end - first);
    uint32_t left = middle - first, right = end - middle, larger = ~((1u << order) - 1);
    if (left >> order & 1)
        return middle - (left & larger);
    return middle + (right & (larger << 1));
}

/* The lowest extent with a buddy of this order, in a tree that has one. */
static uint32_t find_order(struct heap *h, unsigned order)
{
    uint32_t node = h->fit_state.tree.root;
    for (;;) {
        h->fit_state.steps++;
        const struct extent *e = &h->units[node].extent;
        if (e->left_orders >> order & 1)
            node = e->links.left;
        else if (fit_buddy_orders(node, e->units) >> order & 1)
            return node;
        else
            node = e->links.right;
    }
}

static unsigned order_for(uint32_t units)
{
    return units == 1 ? 0 : log2_floor(units - 1) + 1;
}

static struct fit_place find(struct heap *h, uint32_t units, uint32_t alignment)
{
    struct fit_state *s = &h->fit_state;
    s->searches++;
    uint32_t root = s->tree.root, order = order_for(units);
    uint32_t orders = root && order < ORDERS ? h->units[root].extent.orders : 0;
    orders &= ~((1u << order % ORDERS) - 1);
    if (!orders || alignment > 1)
        return fit_tree_find(h, 0, units, alignment);
    order = (uint32_t)__builtin_ctz(orders);
    uint32_t extent = find_order(h, order);
    return (struct fit_place){extent, buddy_in(h, extent, order)};
}

const struct fit fit_buddy = {
    "buddy",       fit_tree_start_by_address, fit_tree_insert, fit_tree_remove, find,
    fit_tree_check};
