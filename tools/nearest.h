/* The name that somebody may have meant. */
#ifndef GCALLOC_TOOLS_NEAREST_H
#define GCALLOC_TOOLS_NEAREST_H

#include <stddef.h>

/* A search for the name that is most like `wanted`; it begins as {.wanted = ...}. */
struct nearest {
    const char *wanted;
    const char *name; /* the best so far; NULL: none is like it */
    size_t distance;
};

/* Compares one more name. */
void nearest_try(struct nearest *n, const char *name);

#endif
