/* Defining primitives, the procedures that are written in C, and checking their arguments. */
#ifndef SCHEME_PRIMITIVE_H
#define SCHEME_PRIMITIVE_H

#include "machine.h"

/* ---- Definitions ----------------------------------------------------------------- */

struct definition {
    const char *name;
    function call;
    int least, most;
};

#define PRIMITIVE(name)                                 \
    static value name(int argc __attribute__((unused)), \
                      value *args __attribute__((unused)))
/* One that is just an expression of its arguments. */
#define SIMPLE(name, expression) \
    PRIMITIVE(name)              \
    {                            \
        return expression;       \
    }
/* One that says whether `holds` is true of the `order` of each argument and the next. */
#define COMPARISON(name, compare, holds)               \
    PRIMITIVE(name)                                    \
    {                                                  \
        bool result = true;                            \
        if (argc == 1)                                 \
            compare(args[0], args[0]);                 \
        for (int i = 0; i + 1 < argc; i++) {           \
            int order = compare(args[i], args[i + 1]); \
            result = result && (holds);                \
        }                                              \
        return boolean(result);                        \
    }
#define DEFINE_PRIMITIVES(table) define_primitives(table, sizeof(table) / sizeof *(table))

void define_primitives(const struct definition *definitions, size_t count);

/* ---- Checks of arguments ---------------------------------------------------------- */

/* Each raises an error unless the value is what the name says. */
value want(value v, enum type type);
value want_pair(value v);
uint32_t want_char(value v);
intptr_t want_fixnum(value v);
/* An index in [low, high]. */
size_t want_index(value v, size_t low, size_t high);
/* The range that the optional arguments at args[i] and args[i + 1] select. */
void want_range(int argc, value *args, int i, size_t length, size_t *start, size_t *end);
/* An index from which on `count` elements fit into `length`. */
size_t want_place(value v, size_t length, size_t count);
value want_procedure(value v);

#endif
