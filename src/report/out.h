/* Where reports go: option report, else stderr. */
#ifndef GCALLOC_REPORT_OUT_H
#define GCALLOC_REPORT_OUT_H

/* Opens the destination of a report: one that cannot be opened is named in the log, and
 * stderr is used. */
void out_open(void);
void out_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void out_close(void);

#endif
