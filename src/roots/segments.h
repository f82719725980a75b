/* Static data: the writable segments of the program and its shared libraries. */
#ifndef GCALLOC_ROOTS_SEGMENTS_H
#define GCALLOC_ROOTS_SEGMENTS_H

#include "roots/range.h"

/* Adds the writable segments that are loaded now, less what the dynamic loader has made
 * read-only and the library's own variables; and the calling thread's thread-local
 * variables, static and dynamic.  Takes the loader's lock. */
void segments_snapshot(struct range_list *l);

#endif
