/* Reports of faults, and how many there were. */
#ifndef GCALLOC_REPORT_FAULT_H
#define GCALLOC_REPORT_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* Something was reported that counts for the exit status. */
void fault_count(void);

/* The program ends: says how many faults were left out of the reports.  Returns how many there were in all. */
size_t fault_end(void);

#endif
