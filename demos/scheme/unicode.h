/* Properties and cases of characters. */
#ifndef SCHEME_UNICODE_H
#define SCHEME_UNICODE_H

#include "scheme.h"

bool char_is_alphabetic(uint32_t c);
bool char_is_upper(uint32_t c);
bool char_is_lower(uint32_t c);
/* The value of a decimal digit of any script, or -1. */
int char_digit(uint32_t c);
uint32_t char_upper(uint32_t c);
uint32_t char_lower(uint32_t c);

/* A character that becomes several, as many as are not 0; an array of these ends with a `from` of 0. */
struct expansion {
    uint32_t from;
    uint32_t to[3];
};

extern const struct expansion full_upper[], full_fold[];

#endif
