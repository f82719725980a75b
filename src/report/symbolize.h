/* From addresses of code to functions, files and lines: by elfutils' libdw, which is
 * loaded when the first report needs it; without it by the dynamic loader's symbols. */
#ifndef GCALLOC_REPORT_SYMBOLIZE_H
#define GCALLOC_REPORT_SYMBOLIZE_H

#include <stdbool.h>
#include <stdint.h>

struct symbol {
    const char *function; /* NULL: not known */
    const char *file;     /* NULL: not known */
    int line;
    const char *module; /* the program's or library's path; NULL: not known */
    uintptr_t offset;   /* of the address in the module's memory */
    bool inlined; /* the next symbol is the function that this one was inlined into */
};

/* Calls visit(argument, symbol) for the function around the return address, and before it
 * for each function inlined there, innermost first.  The strings live until
 * symbolize_end. */
void symbolize(uintptr_t return_address,
               void (*visit)(void *argument, const struct symbol *s), void *argument);

/* Forgets what was read of debugging information. */
void symbolize_end(void);

/* The address belongs to the library itself. */
bool symbolize_own(uintptr_t return_address);

#endif
