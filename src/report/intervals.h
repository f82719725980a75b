/* Tables of address intervals, one for each module, sorted and searched.  Intervals may lie in each
 * other.  Under the lock of reports. */
#ifndef GCALLOC_REPORT_INTERVALS_H
#define GCALLOC_REPORT_INTERVALS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>

/* The first member of an element. */
struct interval {
    GElf_Addr low, high; /* [low, high); may be empty */
    GElf_Addr reach;     /* where all that begin no later have ended */
};

/* The first member of a table. */
struct intervals {
    struct intervals *next;
    Dwfl_Module *module;
    char *list;
    size_t element_bytes, count, capacity;
};

/* The module's table, which fill(table) has filled when it was asked for first; `bytes` of it are
 * the table's own.  NULL: there is no memory. */
struct intervals *intervals_of(struct intervals **tables, Dwfl_Module *module,
                               size_t bytes, size_t element_bytes,
                               void (*fill)(struct intervals *t));

/* Adds a copy of the element.  false: there is no memory. */
bool intervals_add(struct intervals *t, const void *element);

/* Once all are added: `compare` sorts by `low` first. */
void intervals_sort(struct intervals *t, int (*compare)(const void *, const void *));

/* They are in order, and each reaches as far as those before it. */
void intervals_check(const struct intervals *t);

/* The last one that begins no later than the address; NULL: there is none. */
const struct interval *intervals_last(const struct intervals *t, GElf_Addr address);

/* The last one that holds the address; NULL: there is none. */
struct interval *intervals_find(const struct intervals *t, GElf_Addr address);

/* Frees all tables, each of which has so many bytes of its own. */
void intervals_forget(struct intervals **tables, size_t bytes);

#endif
