/* Reads numbers from bytes, and makes nothing of what they say.  Whatever the bytes are,
 * a reader's position never goes beyond its end. */
#include "trace/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

uint64_t read_fixed(struct reader *r, unsigned bytes)
{
    uint64_t n = 0;
    if ((size_t)(r->end - r->at) < bytes)
        return r->at = r->end, 0;
    memcpy(&n, r->at, bytes);
    r->at += bytes;
    return n;
}

int32_t read_signed_4(struct reader *r)
{
    return (int32_t)(uint32_t)read_fixed(r, 4);
}

static uint64_t read_leb(struct reader *r, bool is_signed)
{
    uint64_t n = 0, byte = 0x80;
    unsigned shift = 0;
    for (; byte & 0x80 && shift < 64; shift += 7) {
        byte = read_fixed(r, 1);
        n |= (byte & 0x7f) << shift;
    }
    if (is_signed && shift < 64 && byte & 0x40)
        n |= ~UINT64_C(0) << shift;
    return n;
}

uint64_t read_uleb(struct reader *r)
{
    return read_leb(r, false);
}

int64_t read_sleb(struct reader *r)
{
    return (int64_t)read_leb(r, true);
}

void skip_block(struct reader *r)
{
    uint64_t bytes = read_uleb(r);
    r->at = bytes > (uint64_t)(r->end - r->at) ? r->end : r->at + bytes;
}
