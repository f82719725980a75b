/* The fit policies, and the tree of free extents that they share. */
#ifndef GCALLOC_HEAP_FIT_H
#define GCALLOC_HEAP_FIT_H

#include "heap/types.h"

SHARED_DATA const struct fit fit_best, fit_first, fit_next, fit_buddy, fit_adaptive;

/* An empty tree in order of address, and one in order of (units, address). */
void fit_tree_start_by_address(struct heap *h);
void fit_tree_start_by_size(struct heap *h);

void fit_tree_insert(struct heap *h, uint32_t first);
void fit_tree_remove(struct heap *h, uint32_t first);
uint32_t fit_tree_check(const struct heap *h);

/* The first extent in order that holds the request and does not begin before unit `from`;
 * with `from` above 0 in order of address only. */
struct fit_place fit_tree_find(struct heap *h, uint32_t from, uint32_t units,
                               uint32_t alignment);

/* The buddies that an extent consists of: bit k is set if one of 2^k units is among them.
 */
uint32_t fit_buddy_orders(uint32_t first, uint32_t units);

#endif
