/* Best fit: the smallest free extent that is large enough, the lowest of equals.  A tree
 * of all free extents by (units, address). */
#include "heap/extent.h"
#include "heap/lookup.h"

static struct treap_links *links(void *owner, uint32_t first)
{
    struct heap *h = owner;
    return &h->units[first].extent.by_size;
}

static bool less(void *owner, uint32_t a, uint32_t b)
{
    const struct heap *h = owner;
    uint32_t units_a = h->units[a].extent.units, units_b = h->units[b].extent.units;
    return units_a < units_b || (units_a == units_b && a < b);
}

static void insert(struct heap *h, uint32_t first)
{
    h->by_size.owner = h;
    h->by_size.links = links;
    h->by_size.less = less;
    treap_insert(&h->by_size, first);
}

static void remove_extent(struct heap *h, uint32_t first)
{
    treap_remove(&h->by_size, first);
}

/* The first extent in order that fits.  With alignment 1 all that are large enough do. */
static uint32_t find_in(struct heap *h, uint32_t node, uint32_t units, uint32_t alignment)
{
    while (node) {
        const struct extent *e = &h->units[node].extent;
        if (e->units >= units) {
            uint32_t found = find_in(h, e->by_size.left, units, alignment);
            if (found)
                return found;
            if (e->units - units >= unit_skip(h, node, alignment))
                return node;
        }
        node = e->by_size.right;
    }
    return 0;
}

static uint32_t find(struct heap *h, uint32_t units, uint32_t alignment)
{
    return find_in(h, h->by_size.root, units, alignment);
}

const struct fit fit_best = {"best", insert, remove_extent, find};
