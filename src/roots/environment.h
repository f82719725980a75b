/* The environment: the array that `environ` points to is in memory of the C library's malloc once a
 * variable was added, and putenv has the program's own strings in it. */
#ifndef GCALLOC_ROOTS_ENVIRONMENT_H
#define GCALLOC_ROOTS_ENVIRONMENT_H

#include "roots/range.h"

/* Adds the array unless the list has it.  The world is stopped, and faults_try may be used. */
void environment_add(struct range_list *l);

#endif
