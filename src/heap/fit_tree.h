/* The tree of free extents that the fit policies share.  It knows no policy: the heap's fit_state
 * says which of two orders it has, and its nodes are the extents' descriptors.  The extent lock is
 * held. */
#ifndef GCALLOC_HEAP_FIT_TREE_H
#define GCALLOC_HEAP_FIT_TREE_H

#include "heap/fit.h"

/* These begin an empty tree, in order of address and in order of (units, address). */
void fit_tree_start_by_address(struct heap *h);
void fit_tree_start_by_size(struct heap *h);

/* Changes all extents over to another order.  Returns how many there were. */
uint32_t fit_tree_reorder(struct heap *h, bool by_size);

void fit_tree_insert(struct heap *h, uint32_t first);
void fit_tree_remove(struct heap *h, uint32_t first);
uint32_t fit_tree_check(const struct heap *h);

/* Finds the first extent in order that holds the request and does not begin before unit
 * `from`, which may be above 0 only where the order is that of address. */
struct fit_place fit_tree_find(struct heap *h, uint32_t from, uint32_t units,
                               uint32_t alignment);

#endif
