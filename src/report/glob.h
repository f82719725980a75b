/* Patterns with wildcards.  A wildcard is a byte that no name has, so that whoever makes a pattern says which
 * of its characters are any. */
#ifndef GCALLOC_REPORT_GLOB_H
#define GCALLOC_REPORT_GLOB_H

#include <stdbool.h>

/* What stands in a pattern for any text, and for any one character. */
enum { GLOB_TEXT = 1, GLOB_CHARACTER = 2 };

/* Whether the pattern is the whole text.  Takes the product of both lengths at most. */
bool glob_matches(const char *glob, const char *text);

#endif
