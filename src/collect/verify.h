/* Option verify: a second opinion on every collection. */
#ifndef GCALLOC_COLLECT_VERIFY_H
#define GCALLOC_COLLECT_VERIFY_H

#include "heap/types.h"
#include "roots/range.h"

/* Marks again, as simply as can be, into tables of its own, and compares: aborts with a
 * message if the marker's result differs in one object.  To be called after marking,
 * before the sweep, with the roots that the marker had: `roots`, the stack in `stacks`,
 * and `callbacks`, ranges that root callbacks named. */
void verify_marks(struct heap *h, const struct range_list *stacks,
                  const struct range_list *roots, const struct range_list *callbacks);

#endif
