/* Copies of strings that go at once.  No copy is freed by itself.  Under the lock of
 * reports. */
#ifndef GCALLOC_REPORT_STRINGS_H
#define GCALLOC_REPORT_STRINGS_H

struct strings_chunk;

/* All zero: there are none. */
struct strings {
    struct strings_chunk *last;
};

/* A copy that lives until strings_clear.  NULL for NULL, and where there is no memory. */
const char *strings_keep(struct strings *s, const char *text);

void strings_clear(struct strings *s);

#endif
