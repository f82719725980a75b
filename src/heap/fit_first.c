/* First fit: the lowest free units that are enough.  It keeps the heap's high end free,
 * and so what is in use together. */
#include "heap/fit_tree.h"

static struct fit_place find(struct heap *h, uint32_t units, uint32_t alignment)
{
    h->numbers->fit_state.searches++;
    return fit_tree_find(h, 0, units, alignment);
}

const struct fit fit_first = {
    "first",       fit_tree_start_by_address, fit_tree_insert, fit_tree_remove, find,
    fit_tree_check};
