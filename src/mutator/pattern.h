/* Memory that has one byte all over, and what of it has another. */
#ifndef GCALLOC_MUTATOR_PATTERN_H
#define GCALLOC_MUTATOR_PATTERN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bits.h"

/* As words they are no addresses that a program may have. */
enum { PATTERN_CANARY = 0xc9, PATTERN_FREED = 0xde };

/* The first byte from `from` on that is not the pattern's, or `end`. */
READS_ANYTHING INLINE size_t pattern_end(const unsigned char *bytes, size_t from,
                                         size_t end, unsigned char pattern)
{
    uint64_t whole = pattern * (UINT64_MAX / 0xff), word;
    for (; from + sizeof word <= end; from += sizeof word) {
        memcpy(&word, bytes + from, sizeof word);
        if (word != whole)
            break;
    }
    while (from < end && bytes[from] == pattern)
        from++;
    return from;
}

/* The byte behind the last one in [from, end) that is not the pattern's, or `from`. */
READS_ANYTHING INLINE size_t pattern_start(const unsigned char *bytes, size_t from,
                                           size_t end, unsigned char pattern)
{
    while (end > from && bytes[end - 1] == pattern)
        end--;
    return end;
}

#endif
