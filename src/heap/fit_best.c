/* Best fit: the smallest free extent that is large enough, the lowest of equals.  It
 * keeps large extents whole. */
#include "heap/fit_tree.h"

static struct fit_place find(struct heap *h, uint32_t units, uint32_t alignment)
{
    h->numbers->fit_state.searches++;
    return fit_tree_find(h, 0, units, alignment);
}

const struct fit fit_best = {
    "best", fit_tree_start_by_size, fit_tree_insert, fit_tree_remove,
    find,   fit_tree_check};
