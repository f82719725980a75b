/* Source text to code, in one pass. */
#ifndef LOX_COMPILER_H
#define LOX_COMPILER_H

/* The script as a function; NULL: there are errors, which have been written to stderr. */
struct function *compile(const char *source);

#endif
