/* From addresses of code to functions, files and lines: by elfutils' libdw, which is
 * loaded when the first report needs it; without it by the dynamic loader's symbols. */
#ifndef GCALLOC_REPORT_SYMBOLIZE_H
#define GCALLOC_REPORT_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
    const char *function; /* NULL: not known */
    const char *file;     /* NULL: not known */
    int line;
    const char *module; /* the program's or library's path; NULL: not known */
    uintptr_t offset;   /* of the address in the module's memory */
    bool inlined; /* the next symbol is the function that this one was inlined into */
};

/* Calls visit(argument, symbol) for every function on the stack, innermost first, those
 * that were inlined too: without the library's own ones, and without what runs before
 * main.  The strings live until symbolize_end. */
void symbolize_stack(const uintptr_t *return_addresses, size_t count,
                     void (*visit)(void *argument, const struct symbol *s),
                     void *argument);

/* Forgets what was read of debugging information. */
void symbolize_end(void);

#endif
