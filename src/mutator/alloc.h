/* Allocation, for the other parts of the core.  Programs call what gcalloc.h declares. */
#ifndef GCALLOC_MUTATOR_ALLOC_H
#define GCALLOC_MUTATOR_ALLOC_H

#include "heap/types.h"

/* The general form: any size, alignment (a power of two), kind.  `zero`: the contents are
 * zero, else undefined.  NULL with errno, after a collection and the out-of-memory
 * handler. */
void *alloc_object(size_t size, size_t alignment, enum kind kind, bool zero);

/* A zeroed object of a layout that exists, of so many bytes, which are the layout's own if it is
 * not sized.  NULL with errno, as above, or ENOSPC: there are too many layouts. */
void *alloc_typed(uint32_t layout, size_t size);

/* A large object of this heap, which is the program's from now on; its contents are as they were.
 * NULL: no memory. */
void *alloc_create_large(struct heap *h, enum kind kind, size_t size, size_t alignment);

/* A scanned object whose contents are not relied on, and such a manual one. */
void *alloc_scanned(size_t size);
void *alloc_manual(size_t size);

#endif
