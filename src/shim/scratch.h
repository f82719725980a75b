/* Memory for what is allocated while a report is made: libdw takes megabytes for one, and frees them all.  It
 * comes from the reserve in chunks.  Allocated by the thread that has the lock of reports only; freed by any. */
#ifndef GCALLOC_SHIM_SCRATCH_H
#define GCALLOC_SHIM_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* As reserve_alloc. */
void *scratch_alloc(size_t alignment, size_t size);

/* false: the object of the reserve is none of these. */
bool scratch_free(void *object);

#endif
