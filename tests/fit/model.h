/* What free units should be, and where each policy should put a request: an array that
 * says of each unit whether it is free, looked through from end to end. */
#ifndef TESTS_FIT_MODEL_H
#define TESTS_FIT_MODEL_H

#include "heap/fit.h"
#include "heap/heap.h"

enum { MODEL_UNITS = 1 << 12 };

struct model {
    struct heap *heap;
    uint32_t end;
    bool used[MODEL_UNITS], dirty[MODEL_UNITS];
    size_t used_bytes;
    uint32_t cursor; /* next fit's */
};

/* The model of an empty heap, which it makes. */
void model_create(struct model *m, struct heap *h, const struct fit *fit);
void model_destroy(struct model *m);

/* Extends it to where the heap ends now. */
void model_grow(struct model *m);

/* Units that are free from `u` on. */
uint32_t model_length(const struct model *m, uint32_t u);

/* Where the policy puts a request; 0: nowhere. */
uint32_t model_find(const struct model *m, const struct fit *fit, uint32_t units,
                    uint32_t alignment);

/* The heap's words, counters and extents are as the model has them. */
void model_compare(const struct model *m);

#endif
