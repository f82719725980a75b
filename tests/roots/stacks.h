/* Memory to run on, of every origin. */
#ifndef GCALLOC_TESTS_ROOTS_STACKS_H
#define GCALLOC_TESTS_ROOTS_STACKS_H

#include <stddef.h>

enum stack_origin {
    STACK_MAPPED, /* between two pages without access */
    STACK_OF_MALLOC,
    STACK_STATIC,
    STACK_IN_HEAP, /* an object of the collected heap, kept by its user */
    STACK_ORIGINS,
};

enum { STACK_BYTES = 512 << 10 };

/* The low end of a new stack; there is only one static one. */
void *stack_create(enum stack_origin origin);

#endif
