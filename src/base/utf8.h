/* Which bytes are characters in UTF-8, as JSON is to have: file names and symbols may have any. */
#ifndef GCALLOC_BASE_UTF8_H
#define GCALLOC_BASE_UTF8_H

#include "base/bits.h"

/* How many bytes the character has that stands there in a string; 0: they are none in UTF-8. */
INLINE unsigned utf8_bytes(const unsigned char *p)
{
    unsigned count = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    for (unsigned i = 1; i < count; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xf0 && p[1] < 0x90);
    bool surrogate = *p == 0xed && p[1] >= 0xa0;
    bool beyond = *p > 0xf4 || (*p == 0xf4 && p[1] >= 0x90);
    return overlong || surrogate || beyond ? 0 : count;
}

/* The byte is not the first one of a character. */
INLINE bool utf8_goes_on(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

#endif
