/* What has come to be alive between two moments of one run, by the call stacks that allocated it. */
#ifndef GCALLOC_REPORT_GROWTH_H
#define GCALLOC_REPORT_GROWTH_H

#include <stdbool.h>

#include "report/out.h"

/* Counts what is alive, and says, as text, where that is more than when the same one asked before; the first time
 * only what there is.  There is one count for all who ask: who finds another's in its place is told so.  No thread is
 * stopped.  false: there is no heap or memory. */
bool growth_report_to(const struct out_target *to, unsigned long who);

#endif
