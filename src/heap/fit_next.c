/* Next fit: the lowest free extent behind what was found last; from the start of the heap
 * when there is none.  Requests that follow each other lie together; the price is memory:
 * every hole is used before any is used again.
 *
 * An extent counts as behind if it begins there: one that has grown backwards over the
 * place meanwhile waits for the next round. */
#include "heap/fit_tree.h"

static struct fit_place find(struct heap *h, uint32_t units, uint32_t alignment)
{
    struct fit_state *s = &h->numbers->fit_state;
    s->searches++;
    struct fit_place place = fit_tree_find(h, s->cursor, units, alignment);
    if (!place.extent && s->cursor)
        place = fit_tree_find(h, 0, units, alignment);
    if (place.extent)
        s->cursor = place.start + units;
    return place;
}

const struct fit fit_next = {
    "next",        fit_tree_start_by_address, fit_tree_insert, fit_tree_remove, find,
    fit_tree_check};
