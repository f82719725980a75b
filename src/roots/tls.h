/* Thread-specific values (pthread_setspecific).  Thread-local variables are found with
 * the segments that declare them. */
#ifndef GCALLOC_ROOTS_TLS_H
#define GCALLOC_ROOTS_TLS_H

#include "roots/range.h"

/* Adds a copy of the calling thread's values, which stays valid until the next call. */
void tls_values_snapshot(struct range_list *l);

#endif
