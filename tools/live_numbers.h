/* The numbers that a process tells of its heap: lines "PART NAME NUMBER" of another process's. */
#ifndef GCALLOC_TOOLS_LIVE_NUMBERS_H
#define GCALLOC_TOOLS_LIVE_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct number {
    char part[16], name[48];
    uint64_t value;
};

/* The next one, in the order in which they came; false: there is none. */
bool numbers_next(const char **text, struct number *n);

/* The one of this name; 0 if it is not told. */
uint64_t numbers_get(const char *text, const char *part, const char *name);

/* a - b, where a thread may have counted b before a. */
uint64_t numbers_difference(uint64_t a, uint64_t b);

#endif
