/* Young collections: cycles that take what the last one marked for alive, and look only for what has come since.
 * Marks are sticky: the mark value does not flip, and an old object is one that has it.  The roots lead to
 * young objects, and so do old objects that were written to since: the remembered set.  That is what
 * the kernel tells of tenured blocks (heap/tenured.h), and all old objects of the others, of which
 * there are few.
 *
 * Invariant: what a young cycle frees has come into being since the last cycle, and no full
 * cycle would have found it reachable.  What it keeps, a full one may free. */
#ifndef GCALLOC_COLLECT_YOUNG_H
#define GCALLOC_COLLECT_YOUNG_H

#include "collect/cycle.h"
#include "heap/tenured.h"

extern const struct cycle_kind cycle_young;

/* Asks, beside the program, what was written of tenured blocks side by side, has it protected again and, where
 * there is a marker, the marked objects there scanned again by the next drain.  Returns the number of pages. */
size_t young_ask_beside(struct marker *m, const struct heap *h, int file,
                        struct tenured_run t);

/* Registers the phase that marks from the remembered set.  The world lock is held. */
void young_prepare(void);

#endif
