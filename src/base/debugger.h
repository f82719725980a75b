/* What a debugger needs to know of the library, for a program that is stopped, or dead: the section
 * gcalloc_debugger holds names of variables, with where they are, of fields, with their places and
 * sizes, and of numbers.  It is there in a library that was stripped, too, and needs no debugging
 * information.  tools/gdb reads it; nothing in the library does.
 *
 * Each file has entries of what only it knows; what is in headers is in src/report/debugger.c. */
#ifndef GCALLOC_BASE_DEBUGGER_H
#define GCALLOC_BASE_DEBUGGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

enum { DEBUGGER_MAGIC = 0x67636462, DEBUGGER_VERSION = 1 };

struct debugger_entry {
    char name[40];
    const void *address; /* of a variable; else NULL */
    uint64_t number;     /* a number; of a field, the bytes in front of it */
    uint32_t size;       /* of a variable or a field; a number has none */
    uint32_t magic;
};

_Static_assert(sizeof(struct debugger_entry) == 64, "the reader steps by so many bytes");

/* The tables of several files follow each other without a gap. */
#define DEBUGGER_TABLE                                    \
    static const struct debugger_entry debugger_table[]   \
        __attribute__((section("gcalloc_debugger"), used, \
                       aligned(sizeof(struct debugger_entry)))) RETAINED

#define DEBUGGER_VARIABLE(name, variable)                                \
    {                                                                    \
        name, &(variable), 0, (uint32_t)sizeof(variable), DEBUGGER_MAGIC \
    }
#define DEBUGGER_PLACE(name, address)       \
    {                                       \
        name, address, 0, 0, DEBUGGER_MAGIC \
    }
#define DEBUGGER_FIELD(type, field)                                        \
    {                                                                      \
#type "." #field, NULL, offsetof(struct type, field),              \
            (uint32_t)sizeof(((struct type *)NULL)->field), DEBUGGER_MAGIC \
    }
#define DEBUGGER_SIZE(type)                                           \
    {                                                                 \
        "sizeof " #type, NULL, sizeof(struct type), 0, DEBUGGER_MAGIC \
    }
#define DEBUGGER_NUMBER(number)                  \
    {                                            \
#number, NULL, number, 0, DEBUGGER_MAGIC \
    }

#endif
