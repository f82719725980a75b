/* The format of a trace: operations one after the other, of numbers in base 128, the low
 * seven bits first, the high bit set in all bytes of a number but the last.  The first
 * number of an operation is value << TRACE_OP_BITS | operation.
 *
 *   ALLOC    size
 *   FREE     object
 *   REALLOC  object, then the new size
 *   ALIGNED  size, then the power of two of the alignment
 *
 * Objects are numbered from 1 in the order of their allocation; a realloc keeps the
 * number.  They are named by distance: the last number given, less theirs. */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum trace_op {
    TRACE_ALLOC,
    TRACE_FREE,
    TRACE_REALLOC,
    TRACE_ALIGNED,
};

enum { TRACE_OP_BITS = 2 };

/* The next number; false: the trace ends. */
static inline bool trace_read_number(FILE *in, uint64_t *n)
{
    int byte = 128;
    *n = 0;
    for (unsigned shift = 0; byte & 128 && shift < 64; shift += 7) {
        byte = getc_unlocked(in);
        if (byte == EOF)
            return false;
        *n |= (uint64_t)(byte & 127) << shift;
    }
    return true;
}

/* Opens a trace, through xz where its name ends in .xz; trace_close closes it. */
static inline FILE *trace_open(const char *path, bool *packed)
{
    size_t length = strlen(path);
    char command[4096];
    *packed = length > 3 && strcmp(path + length - 3, ".xz") == 0;
    snprintf(command, sizeof command, "xz -dc '%s'", path);
    return *packed ? popen(command, "r") : fopen(path, "r");
}

/* false: it could not be read to the end. */
static inline bool trace_close(FILE *in, bool packed)
{
    return (packed ? pclose(in) : fclose(in)) == 0;
}

#endif
