/* Checks of the library's own invariants.  CHECK is always compiled; the xxx_check
 * functions made of it are run by tests and, with --enable-checking, in every pause. */
#ifndef GCALLOC_BASE_CHECK_H
#define GCALLOC_BASE_CHECK_H

#include "base/bits.h"

/* Says what does not hold, and aborts, as the heap is no longer to be trusted. */
_Noreturn void check_failed(const char *condition, const char *file, int line);

#define CHECK(condition) \
    (LIKELY(condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))

#endif
