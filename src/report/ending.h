/* The last reports of a program, however it ends, and its exit status. */
#ifndef GCALLOC_REPORT_ENDING_H
#define GCALLOC_REPORT_ENDING_H

/* There is a heap.  With option leaks, or one of guard's, there is a report when a signal ends the program, _exit,
 * quick_exit or exec. */
void ending_begin(void);

/* The program ends by exit: leaks are reported; all is reported, and the status is seen to. */
void ending_report(void);
void ending_finish(void);

#endif
