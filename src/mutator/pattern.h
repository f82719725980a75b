/* Memory that has one byte all over, and what of it has another: behind objects, and of freed ones. */
#ifndef GCALLOC_MUTATOR_PATTERN_H
#define GCALLOC_MUTATOR_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "mutator/fault.h"

/* As words they are no addresses that a program may have. */
enum { PATTERN_CANARY = 0xc9, PATTERN_FREED = 0xde };

/* The bytes [from, end) of the object of a fault, and whether they are spoilt. */
struct pattern_look {
    struct fault *fault;
    size_t from, end;
    unsigned char pattern;
    bool spoilt;
};

/* Looks, as `argument` says; if they are spoilt, the fault says what was written, and they have the pattern
 * again.  For faults_try, too: nothing has to be undone if it is left halfway. */
void pattern_look(void *argument);

#endif
