/* The leak report of a program that ends otherwise than by exit. */
#ifndef GCALLOC_REPORT_ENDING_H
#define GCALLOC_REPORT_ENDING_H

#include <stdbool.h>

/* There is a heap.  With option leaks there is a report when a signal ends the program, _exit, or exec. */
void ending_begin(void);

/* Whether the report of the end is still to be made: true once. */
bool ending_is_first(void);

#endif
