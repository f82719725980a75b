/* Static data: the writable segments of the program and its shared libraries. */
#ifndef GCALLOC_ROOTS_SEGMENTS_H
#define GCALLOC_ROOTS_SEGMENTS_H

#include "roots/range.h"
#include "roots/tls.h"

/* Adds the writable segments that are loaded now, less what the dynamic loader has made
 * read-only and the library's own variables; and the calling thread's thread-local
 * variables, static and dynamic.  Lists the objects that have such variables.  Sets *loaded
 * to what segments_loaded says of what is loaded.  Takes the loader's lock. */
void segments_snapshot(struct range_list *l, struct tls_modules *modules,
                       uint64_t *loaded);

/* A number that stands for the set of loaded objects: another one when something was loaded
 * or unloaded.  For the stopped world: takes no lock. */
uint64_t segments_loaded(void);

#endif
