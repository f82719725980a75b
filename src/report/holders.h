/* What holds the objects that are alive at the end of a program which is recorded, for the recording. */
#ifndef GCALLOC_REPORT_HOLDERS_H
#define GCALLOC_REPORT_HOLDERS_H

/* Finds it in a pause, if option profile_holders asks for it, and has it recorded: of the call stacks whose objects
 * have most bytes, for the largest object of each, the shortest way to it from a root. */
void holders_record(void);

#endif
