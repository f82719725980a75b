/* The roots of a cycle: lists of ranges, made while the world stands still, and marking from
 * them.  Where roots are is known to src/roots; what is marked, to mark.c.  No word is scanned
 * twice, and a list that lacks a range says so. */
#ifndef GCALLOC_COLLECT_CYCLE_ROOTS_H
#define GCALLOC_COLLECT_CYCLE_ROOTS_H

#include "collect/mark.h"
#include "roots/range.h"
#include "roots/threads.h"

/* The lists grow in the library's own memory, and are kept for the next cycle. */
struct cycle_roots {
    /* Stacks of all threads, then those in objects that were reached. */
    struct range_list stacks;
    struct range_list data;  /* static data, thread-local storage, registered ranges */
    struct range_list code;  /* of `data` what may have a pointer at any byte */
    struct range_list named; /* by root callbacks; listed only if `keeps_named` */
    /* Static data, of which `data` has all.  NULL: it was not listed. */
    const struct range_list *segments;
    /* Of static data what a young cycle need not scan, in order (roots/unwritten.h). */
    struct range_list unwritten;
    bool keeps_named; /* somebody will go through the roots again */
};

/* Lists the roots.  The world is stopped, and what the loader said in the snapshot still
 * holds.  In a search for leaks, what the C library keeps for threads to come is a root as well,
 * and with option mappings all other memory of the process. */
void cycle_roots_list(struct cycle_roots *r, const struct heap *h,
                      const struct snapshot *s, bool leaks);

/* Whether the lists lack no root.  If they lack one, nothing may be reclaimed, as objects
 * would be lost. */
bool cycle_roots_complete(const struct cycle_roots *r);

/* Lists what a young cycle need not scan of static data, or has it tracked from now on what is written there,
 * where young cycles are to follow.  Returns how many pages the program has had to fault for.  The cycle
 * goes on to its sweep. */
size_t cycle_roots_leave_out(struct cycle_roots *r, const struct heap *h, bool young);

/* Bytes of static data that are scanned. */
size_t cycle_roots_static_bytes(const struct cycle_roots *r);

/* Has root callbacks name theirs, if `keeps_named`, and marks nothing. */
void cycle_roots_name(struct cycle_roots *r);

/* Marks what the roots point to, but for what root callbacks would name, and no more. */
void cycle_roots_scan(const struct cycle_roots *r, struct marker *m);

/* Marks all that is reachable from the roots.  Root callbacks run meanwhile, on this thread. */
void cycle_roots_mark(struct cycle_roots *r, struct marker *m);

/* Marks all that is reachable from what was marked so far, by stacks in objects, too. */
void cycle_roots_drain(struct cycle_roots *r, struct marker *m);

/* What the object points to, and stacks in it, is marked, but for itself (marker_scan_object). */
void cycle_roots_scan_object(struct cycle_roots *r, struct marker *m,
                             const struct cell *o);

/* Has the next drain do so, with the other markers' help (marker_push_object), if it can. */
bool cycle_roots_push_object(struct marker *m, const struct cell *o);

/* Marks manual objects, and all that is reachable from them. */
void cycle_roots_mark_manual(struct cycle_roots *r, struct marker *m);

/* Checks that the lists are well-formed. */
void cycle_roots_check(const struct cycle_roots *r);

#endif
