/* Static data: the writable segments of the program and its shared libraries. */
#ifndef GCALLOC_ROOTS_SEGMENTS_H
#define GCALLOC_ROOTS_SEGMENTS_H

#include "roots/range.h"
#include "roots/tls.h"

/* Adds the writable segments that are loaded now, less what the dynamic loader has made
 * read-only and the library's own variables; and the calling thread's thread-local
 * variables, static and dynamic.  Lists the objects that have such variables.  Sets *loaded
 * to a number that stands for the set of loaded objects.  Takes the loader's lock. */
void segments_snapshot(struct range_list *l, struct tls_modules *modules,
                       uint64_t *loaded);

/* Is what was loaded then loaded still, and nothing about to be unloaded?  For the stopped
 * world: takes no lock. */
bool segments_unchanged(uint64_t loaded);

#endif
