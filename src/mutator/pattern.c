/* Compares by words. */
#include "mutator/pattern.h"

#include <string.h>

#include "base/bits.h"

/* The first byte from `from` on that is not the pattern's, or `end`. */
READS_ANYTHING static size_t find_first(const unsigned char *bytes, size_t from,
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
READS_ANYTHING static size_t find_end(const unsigned char *bytes, size_t from, size_t end,
                                      unsigned char pattern)
{
    while (end > from && bytes[end - 1] == pattern)
        end--;
    return end;
}

READS_ANYTHING void pattern_look(void *argument)
{
    struct pattern_look *l = argument;
    struct fault *f = l->fault;
    unsigned char *bytes = (unsigned char *)f->address;
    size_t first = find_first(bytes, l->from, l->end, l->pattern);
    if (LIKELY(first == l->end))
        return;
    f->first = first;
    f->end = find_end(bytes, first, l->end, l->pattern);
    memcpy(f->seen, bytes + first, min_size(f->end - first, FAULT_SEEN));
    l->spoilt = true;
    memset(bytes + first, l->pattern, f->end - first);
}
