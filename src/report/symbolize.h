/* From addresses of code to functions, files and lines: by elfutils' libdw, which is
 * loaded when the first report needs it; without it by the dynamic loader's symbols. */
#ifndef GCALLOC_REPORT_SYMBOLIZE_H
#define GCALLOC_REPORT_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
    const char *function; /* NULL: not known */
    const char *linkage; /* as the linker has it, where that is another form; else NULL */
    const char *file;    /* NULL: not known */
    int line;
    const char *module; /* the program's or library's path; NULL: not known */
    uintptr_t offset;   /* of the address in the module's memory */
    bool inlined;  /* the next symbol is the function that this one was inlined into */
    bool unloaded; /* the module is not there any more; its file may have told the rest */
};

/* A return address, and the module in which it lay when it was recorded; MODULE_NONE: what is
 * loaded there now. */
struct place {
    uintptr_t return_address;
    uint16_t module; /* see trace/modules.h */
};

/* Calls visit(argument, symbol) for the function around the return address, and before it for
 * those that are inlined there. */
void symbolize_place(struct place p,
                     void (*visit)(void *argument, const struct symbol *s),
                     void *argument);

/* Calls visit(argument, symbol) for every function on the stack, innermost first, those
 * that were inlined too: without the library's own ones, and without what runs before
 * main.  `modules` are those in which the addresses lay (trace/modules.h); NULL: they are of
 * what is loaded now.  The strings live until symbolize_end. */
void symbolize_stack(const uintptr_t *return_addresses, const uint16_t *modules,
                     size_t count, void (*visit)(void *argument, const struct symbol *s),
                     void *argument);

/* Calls visit(argument, symbol) as symbolize_stack does, for the stack that has this number in the
 * depot, in the modules in which it was recorded. */
void symbolize_recorded(uint32_t stack,
                        void (*visit)(void *argument, const struct symbol *s),
                        void *argument);

/* A variable of the program or of a library. */
struct variable {
    const char *name; /* NULL: not known */
    size_t offset;    /* of the address in it; without a name in the module's memory */
    const char *module;
};

/* The static variable around an address; false: no module is there.  The strings live until symbolize_end. */
bool symbolize_variable(uintptr_t address, struct variable *v);

/* Forgets what was read of debugging information. */
void symbolize_end(void);

/* In the child of a fork, where another thread was writing a report: what it has read is left where it is. */
void symbolize_abandon(void);

#endif
