/* Evaluating what a user types, and showing the values. */
#ifndef REPL_H
#define REPL_H

#include <stdbool.h>

/* Evaluates the forms in the text, and writes their values; false after an error. */
bool show_forms(const char *text, const char *name);

/* The read-eval-print loop on the terminal; returns the exit status. */
int repl(void);

void define_repl(void);

#endif
