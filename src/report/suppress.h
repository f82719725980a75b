/* Suppressions: leaks that are not to be reported, in two syntaxes, which one file may mix.
 *
 * LeakSanitizer's: a line "leak:PATTERN" leaves out leaks whose stack has a function, file or module that
 * PATTERN matches: anywhere in the name, unless it begins with ^ or ends with $; * stands for any characters.
 *
 * memcheck's: a block in braces has a name, the tool and the kind of error, which must be Memcheck:Leak,
 * perhaps kinds of leaks, and patterns for the innermost frames, one each; * and ? are wildcards, and a frame
 * of three dots stands for any frames.
 *
 * Lines that begin with # are comments. */
#ifndef GCALLOC_REPORT_SUPPRESS_H
#define GCALLOC_REPORT_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "report/strings.h"

enum frame_part {
    FRAME_ANYTHING, /* function, file or module: LeakSanitizer's */
    FRAME_FUNCTION,
    FRAME_MODULE,
    FRAME_SOURCE, /* a file, with or without its folders */
    FRAME_SOME,   /* no pattern: any number of frames */
    FRAME_PARTS,
};

struct frame_pattern {
    enum frame_part part;
    int line;         /* of the source; 0: any */
    const char *glob; /* see glob.h; FRAME_SOME: NULL */
};

/* Of which classes the leaks are that a suppression is for: a bit for each, of enum leak_class. */
enum { SUPPRESS_NO_CLASS = 0, SUPPRESS_ANY_CLASS = -1 };

struct suppression {
    const char *name; /* LeakSanitizer's: the pattern as it stands there */
    int line;         /* where it begins in the file; 0: LeakSanitizer's */
    int classes;      /* a bit for each class; or SUPPRESS_ANY_CLASS */
    size_t first,
        count; /* of its patterns of frames.  LeakSanitizer's: one, for any frame */
    size_t objects, bytes;
};

/* In the order of the file.  Under the lock of reports; the first report reads them. */
struct suppressions {
    struct suppression *list;
    size_t count, capacity;
    struct frame_pattern *frames;
    size_t frame_count, frame_capacity;
    struct strings strings; /* names and patterns */
};

SHARED_DATA struct suppressions suppressions;

/* Reads the file.  What is wrong with it goes to the log, with its line (suppress_read.c). */
void suppress_load(const char *path);

/* The first suppression that matches the stack of leaks whose class is known, by its bit, or not known:
 * SUPPRESS_NO_CLASS leaves out those that are for some classes only.  SUPPRESS_NONE: none does. */
#define SUPPRESS_NONE SIZE_MAX
size_t suppress_stack(uint32_t stack, int class);

/* Whether some are for leaks of some classes only. */
bool suppress_asks_for_class(void);

/* memcheck's stacks begin with the function that allocated, ours with who called that: whether the pattern
 * is for the former. */
bool suppress_is_allocator(const struct frame_pattern *p);

/* The suppression has left out one more object. */
void suppress_count(size_t suppression, size_t bytes);

/* Visits each with what it has left out. */
void suppress_each(void (*visit)(void *argument, const struct suppression *s),
                   void *argument);

/* Checks that each has a name, and patterns of its own that are well-formed. */
void suppress_check(void);

#endif
