/* From text to numbers: R7RS's <number>, without complex ones. */
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum exactness { AS_WRITTEN, EXACT, INEXACT };

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

static const char *skip_digits(const char *p, int radix)
{
    while (digit_of(*p) < radix)
        p++;
    return p;
}

static bool is_sign(char c)
{
    return c == '+' || c == '-';
}

static value with_exactness(value v, enum exactness exactness)
{
    return exactness == INEXACT ? flonum(rational_to_double(v)) : v;
}

/* The digits from `start` to `end`, with a sign or none before them. */
static value parse_integer(const char *start, const char *end, int radix)
{
    size_t length = (size_t)(end - start);
    char *digits = allocate_atomic(length + 1);
    mpz_t z;
    memcpy(digits, start, length);
    digits[length] = '\0';
    if (length < 12)
        return integer_from_int(strtol(digits, NULL, radix));
    mpz_init_set_str(z, *digits == '+' ? digits + 1 : digits, radix);
    value v = integer_from_mpz(z);
    mpz_clear(z);
    return v;
}

/* "3/4", of which the slash has been found; FALSE if it is no number, as 3/0 is none. */
static value parse_ratio(const char *text, const char *slash, int radix,
                         enum exactness exactness)
{
    const char *end = skip_digits(slash + 1, radix);
    if (*end || end == slash + 1)
        return FALSE;
    value denominator = parse_integer(slash + 1, end, radix);
    if (denominator == fixnum(0))
        return FALSE;
    return with_exactness(rational_divide(parse_integer(text, slash, radix), denominator),
                          exactness);
}

/* ---- Decimals -------------------------------------------------------------------- */

/* The parts of -12.34e5. */
struct decimal {
    const char *point;    /* where the fraction's point is, or would be */
    const char *fraction; /* its digits */
    const char *mark;     /* the e, or the end */
    const char *end;
};

static bool split_decimal(const char *text, struct decimal *d)
{
    const char *first = text + is_sign(*text);
    d->point = skip_digits(first, 10);
    d->fraction = d->point + (*d->point == '.');
    d->mark = skip_digits(d->fraction, 10);
    d->end = d->mark;
    if (d->point == first && d->mark == d->fraction)
        return false;
    if (*d->mark == 'e') {
        const char *exponent = d->mark + 1 + is_sign(d->mark[1]);
        d->end = skip_digits(exponent, 10);
        if (d->end == exponent)
            return false;
    }
    return *d->end == '\0';
}

/* What has more digits than this is taken for a mistake. */
#define MOST_EXPONENT 100000000

static value exact_decimal(const char *text, const struct decimal *d)
{
    value integer = parse_integer(text, d->point, 10);
    value fraction = parse_integer(d->fraction, d->mark, 10);
    long digits = d->mark - d->fraction;
    long exponent = *d->mark ? strtol(d->mark + 1, NULL, 10) : 0;
    if (labs(exponent) > MOST_EXPONENT)
        return FALSE;
    value shift = integer_power(fixnum(10), (unsigned long)digits);
    value scaled = integer_multiply(integer, shift);
    scaled =
        *text == '-' ? integer_subtract(scaled, fraction) : integer_add(scaled, fraction);
    value scale = integer_power(fixnum(10), (unsigned long)labs(exponent));
    scaled = rational_divide(scaled, shift);
    return exponent < 0 ? rational_divide(scaled, scale)
                        : rational_multiply(scaled, scale);
}

static value parse_decimal(const char *text, enum exactness exactness)
{
    struct decimal d;
    if (!split_decimal(text, &d))
        return FALSE;
    return exactness == EXACT ? exact_decimal(text, &d) : flonum(strtod(text, NULL));
}

static value parse_special(const char *text)
{
    if (!strcmp(text, "+inf.0"))
        return flonum(INFINITY);
    if (!strcmp(text, "-inf.0"))
        return flonum(-INFINITY);
    return !strcmp(text, "+nan.0") || !strcmp(text, "-nan.0") ? flonum(NAN) : FALSE;
}

static value parse_real(const char *text, int radix, enum exactness exactness)
{
    const char *first = text + is_sign(*text), *end = skip_digits(first, radix);
    if (end > first && *end == '\0')
        return with_exactness(parse_integer(text, end, radix), exactness);
    if (end > first && *end == '/')
        return parse_ratio(text, end, radix, exactness);
    value special = exactness == EXACT ? FALSE : parse_special(text);
    return special == FALSE && radix == 10 ? parse_decimal(text, exactness) : special;
}

/* ---- Prefixes -------------------------------------------------------------------- */

static int radix_of(char c)
{
    return c == 'x' ? 16 : c == 'd' ? 10 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
}

static enum exactness exactness_of(char c)
{
    return c == 'e' ? EXACT : c == 'i' ? INEXACT : AS_WRITTEN;
}

/* At most one prefix of each kind, in any order. */
static value parse_with_prefixes(const char *text, int radix)
{
    enum exactness exactness = AS_WRITTEN;
    bool radix_given = false;
    for (; *text == '#'; text += 2) {
        if (radix_of(text[1]) && !radix_given) {
            radix = radix_of(text[1]);
            radix_given = true;
        } else if (exactness_of(text[1]) && !exactness) {
            exactness = exactness_of(text[1]);
        } else {
            return FALSE;
        }
    }
    return parse_real(text, radix, exactness);
}

value number_parse(const uint32_t *chars, size_t length, int radix)
{
    if (length == 0)
        return FALSE;
    char *text = allocate_atomic(length + 1);
    for (size_t i = 0; i < length; i++) {
        if (chars[i] <= ' ' || chars[i] >= 0x7F)
            return FALSE;
        text[i] = (char)(chars[i] >= 'A' && chars[i] <= 'Z' ? chars[i] + 32 : chars[i]);
    }
    text[length] = '\0';
    return parse_with_prefixes(text, radix);
}
