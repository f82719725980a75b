/* Memory for the library's own tables: from the system, by whole pages, never scanned,
 * never malloc.  It is zeroed, and never moves while in use. */
#ifndef GCALLOC_BASE_META_H
#define GCALLOC_BASE_META_H

#include <stddef.h>

#include "base/account.h"

/* meta_alloc returns NULL with errno ENOMEM if there is no memory; meta_free is given the
 * same number of bytes, and may be given NULL. */
void *meta_alloc(enum account a, size_t bytes);
void meta_free(void *p, size_t bytes);

/* For a table that doubles when it is full: returns `table` or a larger copy with room
 * for one element more than `count`, and updates *capacity.  Returns NULL with errno
 * ENOMEM if there is no memory, and then the table is as it was. */
void *meta_grow(enum account a, void *table, size_t count, size_t *capacity,
                size_t element_bytes);

/* The bytes in use. */
size_t meta_bytes(void);

#endif
