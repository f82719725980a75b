/* Properties and cases of characters: the C library's, of its locale C.UTF-8, and what that has not. */
#include "unicode.h"

#include <stdatomic.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

/* The digits 0 of all scripts, in order; 1 to 9 follow each. */
static const uint32_t zeros[] = {
    0x30,    0x660,   0x6F0,   0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,
    0xBE6,   0xC66,   0xCE6,   0xD66,   0xDE6,   0xE50,   0xED0,   0xF20,   0x1040,
    0x1090,  0x17E0,  0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,
    0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,
    0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450,
    0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0,
    0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140,
    0x1E2F0, 0x1E950, 0x1FBF0};

static locale_t unicode(void)
{
    static _Atomic(locale_t) known;
    locale_t locale = known, none = NULL;
    if (locale)
        return locale;
    if (!(locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL))) {
        fprintf(stderr, "gcscheme: the locale C.UTF-8 is missing: %s\n", strerror(errno));
        exit(EXIT_FAILURE);
    }
    if (atomic_compare_exchange_strong(&known, &none, locale))
        return locale;
    freelocale(locale);
    return none;
}

int char_digit(uint32_t c)
{
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros && zeros[i] <= c; i++) {
        if (c < zeros[i] + 10)
            return (int)(c - zeros[i]);
    }
    return -1;
}

/* The C library counts the digits of other scripts among the letters. */
bool char_is_alphabetic(uint32_t c)
{
    return iswalpha_l(c, unicode()) && char_digit(c) < 0;
}

/* A digraph, or a letter with an iota, of which only the first part is a capital. */
static bool is_title(uint32_t c)
{
    return c == 0x1C5 || c == 0x1C8 || c == 0x1CB || c == 0x1F2 ||
           (c >= 0x1F88 && c <= 0x1F8F) || (c >= 0x1F98 && c <= 0x1F9F) ||
           (c >= 0x1FA8 && c <= 0x1FAF) || c == 0x1FBC || c == 0x1FCC || c == 0x1FFC;
}

bool char_is_upper(uint32_t c)
{
    return iswupper_l(c, unicode()) && !is_title(c);
}

bool char_is_lower(uint32_t c)
{
    return iswlower_l(c, unicode()) && !is_title(c);
}

/* Unicode's White_Space, of which the C library's leaves out the spaces that do not break a line. */
bool char_is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

uint32_t char_upper(uint32_t c)
{
    return towupper_l(c, unicode());
}

uint32_t char_lower(uint32_t c)
{
    return towlower_l(c, unicode());
}

/* Folding leaves these as they are. */
#define I_WITH_DOT 0x130
#define DOTLESS_I 0x131

/* The only letters that are folded to capitals. */
#define CHEROKEE_FIRST 0x13A0
#define CHEROKEE_LAST 0x13F5

uint32_t char_fold(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    uint32_t upper = char_upper(c);
    if (c == DOTLESS_I || c == I_WITH_DOT)
        return c;
    return upper >= CHEROKEE_FIRST && upper <= CHEROKEE_LAST ? upper : char_lower(upper);
}
