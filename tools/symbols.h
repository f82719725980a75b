/* Names for the frames of a recording: functions, files and lines, those that were inlined, too.  A module is
 * looked up in the file that it came from, if that has the build-id that it had. */
#ifndef GCALLOC_TOOLS_SYMBOLS_H
#define GCALLOC_TOOLS_SYMBOLS_H

#include "recording.h"

struct symbol {
    const char *
        function; /* never NULL: "??" or the module and the address in it if it is not known */
    const char *file; /* NULL: not known */
    int line;
    bool known;
    bool inlined; /* the next symbol is what it was inlined into */
};

/* The symbols of one frame, innermost first; at least one. */
struct symbols {
    const struct symbol *list;
    size_t count;
};

struct symbolizer;

struct symbolizer *symbolizer_new(const struct recording *r);
void symbolizer_free(struct symbolizer *s);

/* What is told lives as long as the symbolizer. */
struct symbols symbolize(struct symbolizer *s, const struct frame *f);

/* The name of the variable that the address lies in, and how far behind its beginning; NULL: none is known. */
const char *symbolize_variable(struct symbolizer *s, const struct frame *f,
                               uint64_t *offset);

/* Why the module's file told nothing; NULL: it did, or was not asked. */
const char *symbolizer_complaint(const struct symbolizer *s, size_t module);

#endif
