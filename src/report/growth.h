/* What has come to be alive between two moments of one run, by the call stacks that allocated it. */
#ifndef GCALLOC_REPORT_GROWTH_H
#define GCALLOC_REPORT_GROWTH_H

#include <stdbool.h>

/* Counts what is alive, and says, as text, where that is more than when the same one asked before; the first time
 * only what there is.  There is one count for all who ask: who finds another's in its place is told so.  No thread is
 * stopped.  There is a heap, and the lock of reports is held.  false: there is no memory. */
bool growth_report(unsigned long who);

#endif
