/* What was found out about places in the program's code, kept until the report ends: stacks have
 * most of their frames in common.  Names of C++ are kept as programs have them.  It asks nobody about
 * places itself.  Everything is under the lock of reports. */
#ifndef GCALLOC_REPORT_ANSWERS_H
#define GCALLOC_REPORT_ANSWERS_H

#include <stddef.h>

#include "base/bits.h"
#include "report/strings.h"
#include "report/symbolize.h"

/* The symbols of one place, innermost first. */
struct answer {
    struct place place;  /* a return address of 0: there is none in this slot */
    size_t first, count; /* among the symbols */
};

/* A hash table, open addressing, at most half full.  Symbols lie in the order in which their
 * places were asked for. */
struct answers {
    struct answer *answers;
    size_t slots, count; /* slots: 0 or a power of two */
    struct symbol *symbols;
    size_t symbol_count, symbol_capacity;
    struct strings strings;
    bool incomplete; /* memory ran out in the answer that is being written */
};

SHARED_DATA struct answers answers;

/* Returns the answer for a place whose return address is not 0, which it gets by
 * ask(place, visit, argument) if there is none yet, or NULL if there is no memory to keep it. */
typedef void ask_about(struct place p,
                       void (*visit)(void *argument, const struct symbol *s),
                       void *argument);
const struct answer *answers_find(struct place p, ask_about *ask);

/* A copy of the name, as programs have it, that lives as long as the answers do.  NULL for NULL, and where there
 * is no memory. */
const char *answers_plain_name(const char *name);

/* Forgets everything, with the strings. */
void answers_clear(void);

/* Checks that every answer is where it is looked for, and has symbols of its own. */
void answers_check(void);

#endif
