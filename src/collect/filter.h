/* Which words of a range point into the heap: of large data most do not, and the
 * processor's vectors find those that do several times as fast as a loop over words.  A
 * filter knows of a heap its bounds only, not what lies there.  No filter drops a word
 * that points into them. */
#ifndef GCALLOC_COLLECT_FILTER_H
#define GCALLOC_COLLECT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILTER_WORDS = 1024 }; /* most words at a time */

/* Copies those of the words for which word - base < bytes, in order; returns how many
 * they are.  There is room for all of them, up to the next multiple of 8, which may be
 * written to.  While other threads write to the words, one that is copied may have been
 * compared before or after. */
typedef size_t filter_function(const uintptr_t *words, size_t count, uintptr_t base,
                               size_t bytes, uintptr_t *found);

filter_function filter_scalar; /* for any processor */

struct filter {
    const char *name;
    bool (*supported)(void); /* by this processor */
    filter_function *run;
};

/* All filters, the best one first.  The last, "scalar", is supported everywhere, and is
 * what the others are compared with. */
extern const struct filter filters[];

/* The first filter with vectors that this processor supports, or NULL if there is none. */
filter_function *filter_best(void);

#endif
