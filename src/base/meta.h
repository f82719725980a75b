/* Memory for the library's own tables: from the system, never scanned, never malloc.
 * Zeroed; never moved while in use; NULL with ENOMEM when there is none. */
#ifndef GCALLOC_BASE_META_H
#define GCALLOC_BASE_META_H

#include <stddef.h>

void *meta_alloc(size_t bytes);
void meta_free(void *p, size_t bytes);

/* A table that doubles when it is full: returns `table` or a larger copy with room for
 * one element more than `count`, and updates *capacity.  NULL: no memory, and the table
 * is as it was. */
void *meta_grow(void *table, size_t count, size_t *capacity, size_t element_bytes);

/* Bytes in use. */
size_t meta_bytes(void);

#endif
