/* The leak report: leaks of one class from one place are a group.  It does not say how
 * leaks are found; leak_set.h does.  The printers change nothing, and run under the lock
 * of reports. */
#ifndef GCALLOC_REPORT_LEAK_H
#define GCALLOC_REPORT_LEAK_H

#include <stddef.h>

#include "report/leak_set.h"

/* Leaks of one class from one place. */
struct leak_group {
    enum leak_class class;
    uint32_t stack;
    size_t objects, bytes;
    size_t kept_objects, kept_bytes; /* indirect ones that these alone keep */
    size_t cycles;                   /* of the objects, those that stand for a cycle */
    const struct leak *example;      /* the largest */
};

struct leak_total {
    size_t objects, bytes;
};

/* All that a report says. */
struct leak_report {
    struct leak_group *groups; /* by class, then largest first */
    size_t count, capacity;
    size_t listed; /* of the groups, from the front: no more than option groups */
    size_t unlisted_groups;
    struct leak_total unlisted; /* objects and bytes of these groups */
    struct leak_total totals[LEAK_CLASSES], reachable;
    bool incomplete;
    bool unknown; /* nothing could be collected, which the log explains */
};

/* Looks for leaks, whatever suppressions say, and calls `visit` for each definite and indirect one, with the
 * leak that alone keeps it, or its own address.  There is a heap, and the lock of reports is held. */
void leak_each_lost(void (*visit)(const struct leak *l, uintptr_t owner));

/* Looks for leaks and reports them, in the form that is wanted.  Returns how many definite ones there are.  There is a
 * heap, and the lock of reports is held. */
size_t leak_report(bool json);

/* Matches the suppressions with the stack of each leak; `known`: the classes are known.  Returns whether some leaks were
 * left out. */
bool leak_suppress(struct leak *leaks, size_t count, bool known);

/* Fills in groups and totals of a report that is zero but for `incomplete`. */
void leak_group(struct leak_report *r, const struct leak_set *s);

void leak_print_text(const struct leak_report *r);
void leak_print_json(const struct leak_report *r);

/* Has `to` write a suppression that leaves out the group, in pieces; nothing where no frame is known. */
void leak_suppression_write(const struct leak_group *g,
                            void (*to)(void *argument, const char *text), void *argument);

/* Prints suppressions for all groups that are listed. */
void leak_print_suppressions(const struct leak_report *r);

#endif
