/* Buddies: which blocks of 2^k units, each at a multiple of 2^k, adjacent free units can be cut
 * into.  It is arithmetic on unit numbers alone, and knows of no heap and of no tree.  An extent is
 * its few largest buddies, at most two of each size. */
#ifndef GCALLOC_HEAP_BUDDY_H
#define GCALLOC_HEAP_BUDDY_H

#include <stdint.h>

/* The buddies that an extent consists of: bit k is set if one of 2^k units is among them. */
uint32_t buddy_orders(uint32_t first, uint32_t units);

/* The lowest buddy of 2^order units in an extent that has one. */
uint32_t buddy_lowest(uint32_t first, uint32_t units, unsigned order);

/* Buddies of this order are the smallest that hold so many units, at least one. */
unsigned buddy_order_for(uint32_t units);

#endif
