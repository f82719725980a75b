/* What read-eval-print loops, and an option of the command line, tell of the heap. */
#ifndef REPL_HEAP_H
#define REPL_HEAP_H

/* The run begins, of which heap_report() tells. */
void heap_watch(void);

/* Says on stderr what the collector did since. */
void heap_report(void);

/* Says on stdout how large the heap is. */
void heap_show(void);

/* Collects, and says on stdout what went. */
void heap_collect(void);

#endif
