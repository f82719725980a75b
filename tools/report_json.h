/* What the forms that are JSON, or have some inside, share. */
#ifndef GCALLOC_TOOLS_REPORT_JSON_H
#define GCALLOC_TOOLS_REPORT_JSON_H

#include "report.h"

/* Whole numbers as such: those of a recording of every object are. */
void write_value(const char *key, double value);

/* The members that tell of the recording as a whole, into the object that is open. */
void write_summary(const struct reading *r);

#endif
