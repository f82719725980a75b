/* Numbers as DWARF stores them, one after the other (DWARF 4, section 7.6).  Nothing is read beyond
 * the end: what would be reads as 0, and leaves nothing to read. */
#ifndef GCALLOC_TRACE_READER_H
#define GCALLOC_TRACE_READER_H

#include <stdint.h>

struct reader {
    const uint8_t *at, *end;
};

/* A number of so many bytes, 8 at most. */
uint64_t read_fixed(struct reader *r, unsigned bytes);
int32_t read_signed_4(struct reader *r);

/* Of variable length: unsigned and signed LEB128. */
uint64_t read_uleb(struct reader *r);
int64_t read_sleb(struct reader *r);

/* Bytes after their number. */
void skip_block(struct reader *r);

#endif
