/* What a request is answered: a text that grows in the library's memory, up to a limit.  One thread's at a time. */
#ifndef GCALLOC_REPORT_LIVE_ANSWER_H
#define GCALLOC_REPORT_LIVE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct answer_text {
    char *text;
    size_t used, capacity;
    bool cut; /* there was no memory for more, or it would have been too long */
};

void answer_clear(struct answer_text *a);

/* The argument is a struct answer_text; for struct out_target (report/out.h). */
void answer_add(void *answer, const char *bytes, size_t count);

/* A line, or some, of some hundred bytes together. */
void answer_print(struct answer_text *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
