/* What has leaked at the end of a program that is recorded, for the recording. */
#ifndef GCALLOC_REPORT_LEAKED_H
#define GCALLOC_REPORT_LEAKED_H

/* Finds it by a collection, if it is wanted, and has it recorded. */
void leaked_record(void);

#endif
