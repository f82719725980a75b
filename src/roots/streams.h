/* The streams of stdio that are open.  The C library has their structures in memory of its own malloc, and in them
 * what the program gave to setvbuf, fopencookie, fmemopen and open_memstream. */
#ifndef GCALLOC_ROOTS_STREAMS_H
#define GCALLOC_ROOTS_STREAMS_H

#include "roots/range.h"

/* Adds the streams that the list does not have.  The world is stopped, and faults_try may be used. */
void streams_add(struct range_list *l);

#endif
