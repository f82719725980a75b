/* Static data: the writable segments of the program and its shared libraries.  The
 * variables of other threads are not among them; tls.h has those.  The loader is asked
 * before a pause, never in it. */
#ifndef GCALLOC_ROOTS_SEGMENTS_H
#define GCALLOC_ROOTS_SEGMENTS_H

#include "roots/range.h"
#include "roots/tls.h"

/* What was loaded when the segments were listed. */
struct segments_loaded {
    uint64_t number;           /* see trace/objects.h */
    uint64_t hash;             /* of what counts in the program headers */
    struct range_list headers; /* where those lie */
};

/* Adds to `l` the writable segments that are loaded now, less what the dynamic loader has made
 * read-only and the library's own variables; and to `variables` the calling thread's thread-local
 * variables, static and dynamic.  Lists the objects that have such variables, and what is
 * loaded.  Takes the loader's lock. */
void segments_snapshot(struct range_list *l, struct range_list *variables,
                       struct tls_modules *modules, struct segments_loaded *loaded);

/* The library's own variables, which are among no roots. */
struct range segments_own(void);

/* Whether what was loaded at the snapshot is loaded still, with segments as large, and
 * nothing is about to be unloaded.  For a pause: takes no lock. */
bool segments_unchanged(const struct segments_loaded *loaded);

#endif
