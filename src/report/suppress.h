/* Suppressions: leaks that are not to be reported, named in LeakSanitizer's syntax.
 *
 * A line "leak:PATTERN" leaves out leaks whose stack has a function, file or module that
 * PATTERN matches: anywhere in the name, unless it begins with ^ or ends with $; * stands
 * for any characters.  Lines that begin with # are comments. */
#ifndef GCALLOC_REPORT_SUPPRESS_H
#define GCALLOC_REPORT_SUPPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

struct pattern {
    char text[256]; /* as it stands in the file */
    char glob[520]; /* for fnmatch */
    size_t objects, bytes;
};

/* In the order of the file.  Written while options are read, and counted under the lock of
 * reports. */
struct suppressions {
    struct pattern *patterns;
    size_t count, capacity;
};

SHARED_DATA struct suppressions suppressions;

/* Reads the file.  What is wrong with it goes to the log. */
void suppress_load(const char *path);

/* The first pattern that matches the stack; SUPPRESS_NONE: none does. */
#define SUPPRESS_NONE SIZE_MAX
size_t suppress_stack(uint32_t stack);

/* The pattern has left out one more object. */
void suppress_count(size_t pattern, size_t bytes);

/* Visits every pattern with what it has left out. */
void suppress_each(void (*visit)(void *argument, const char *pattern, size_t objects,
                                 size_t bytes),
                   void *argument);

/* Checks that every pattern is a string, and its glob that of its text. */
void suppress_check(void);

#endif
