/* Source text to code, in one pass. */
#ifndef LOX_COMPILER_H
#define LOX_COMPILER_H

#include "object.h"

/* The script as a function; NULL: there are errors, which have been written to stderr.  `echoes`: it prints
 * the values of its expression statements, the last of which needs no semicolon. */
struct function *compile(const char *source, bool echoes);

#endif
