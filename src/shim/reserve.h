/* Memory for the few allocations that the heap cannot serve, because they are made for the
 * heap.  What is freed is used again as soon as nothing behind it is in use. */
#ifndef GCALLOC_SHIM_RESERVE_H
#define GCALLOC_SHIM_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes in front of each object, of which the last word is its user's; it is 0 at first. */
enum { RESERVE_HEADER = 16 };

/* Zeroed; `alignment` is a power of two from 16 on.  NULL with ENOMEM: none is left. */
void *reserve_alloc(size_t alignment, size_t size);
void reserve_free(void *object);
size_t reserve_size(const void *object);
bool reserve_has(const void *address);

/* Of an address in the reserve: it is that of an object, as far as its header tells.  For who hands out parts of one
 * by itself: an object of this size has a header there. */
bool reserve_is_object(const void *address);
void reserve_set_size(void *object, size_t size);

/* The part of the reserve that has been used so far; false: none has been. */
bool reserve_used(void **low, void **high);

/* Reserves no more than so much address space, or gives back what is beyond it, where half of that
 * is not in use yet; some must remain. */
void reserve_shrink(size_t most);

#endif
