/* The request `stat`: the statistics of the heap, where memory goes, and what the system says of the process.  No
 * thread is stopped for it. */
#ifndef GCALLOC_REPORT_LIVE_STAT_H
#define GCALLOC_REPORT_LIVE_STAT_H

#include <stdbool.h>

#include "report/live/answer.h"

/* A line for each number: its part (statistics, memory, process), a blank, its name, a blank, the number. */
bool stat_answer(const char *argument, struct answer_text *a);

#endif
