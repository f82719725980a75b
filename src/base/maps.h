/* The process's memory mappings: as the kernel lists them in /proc, and where that list cannot
 * be read (no descriptors left, no /proc), by asking of page after page whether it can be read.
 * What neither way tells is unknown, which is never taken for "there is none".  Takes no lock
 * and no memory; called anywhere, also in a pause. */
#ifndef GCALLOC_BASE_MAPS_H
#define GCALLOC_BASE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
    uintptr_t low, high;
    bool readable;
    /* From the list only. */
    bool writable, executable, shared;
    bool file;     /* it is of a file that has a number */
    char name[12]; /* how its name begins, as in the list */
};

enum maps_answer {
    MAPS_NONE,  /* nothing is mapped there */
    MAPS_FOUND, /* the mapping, or without the list the stretch that can be read */
    MAPS_UNKNOWN, /* the kernel does not say, or the stretch is longer than it is asked for */
};

/* Finds the mapping around an address. */
enum maps_answer maps_find(uintptr_t address, struct mapping *found);

/* Finds it together with its neighbours that can be read, where all are private memory of no file: a stack may come to
 * be several mappings, as by mlock of a page.  What else lies next to it is told as well. */
enum maps_answer maps_find_joined(uintptr_t address, struct mapping *found);

/* Finds the stretch of pages that can be read around an address, without the list. */
enum maps_answer maps_probe(uintptr_t address, struct mapping *found);

/* Calls visit(argument, mapping) for each mapping of the list, in order of the addresses.  Returns false if
 * the list cannot be read to its end. */
bool maps_walk(void (*visit)(void *argument, const struct mapping *m), void *argument);

/* Whether pages of a mapping of the list are in swap space, shared ones among them, of which nothing else
 * tells; true where the kernel does not say.  Reads all that it has of the mappings before. */
bool maps_swapped(const struct mapping *m);

/* How many bytes from `low` on can be read, at most up to `high`; all of them where the
 * kernel does not say. */
size_t maps_readable(uintptr_t low, uintptr_t high);

#endif
