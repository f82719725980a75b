/* Numbers: what the files that implement them offer each other and the reader and printer.
 *
 * Exact integers are fixnums and, beyond them, bignums.  Exact rationals are these and ratnums.  All others
 * are flonums.  A number has one representation only: no bignum fits a fixnum, no ratnum is an integer. */
#ifndef SCHEME_NUMBER_H
#define SCHEME_NUMBER_H

#include "scheme.h"

#include <gmp.h>

struct bignum { /* atomic */
    struct object object;
    int size;          /* how many limbs; negative when the number is */
    mp_limb_t limbs[]; /* the least significant first */
};

struct ratnum { /* in lowest terms */
    struct object object;
    value numerator, denominator; /* the denominator is 2 or more */
};

static inline bool is_flonum(value v)
{
    return has_type(v, TYPE_FLONUM);
}

static inline bool is_ratnum(value v)
{
    return has_type(v, TYPE_RATNUM);
}

static inline bool is_exact_integer(value v)
{
    return is_fixnum(v) || has_type(v, TYPE_BIGNUM);
}

static inline bool is_exact(value v)
{
    return is_exact_integer(v) || is_ratnum(v);
}

static inline bool is_number(value v)
{
    return is_exact(v) || is_flonum(v);
}

/* ---- integer.c: exact integers --------------------------------------------------- */

/* GMP's view of an exact integer, which it can read and not change. */
struct integer {
    mpz_t z;
    mp_limb_t limb; /* a fixnum's */
};

mpz_srcptr integer_view(struct integer *view, value v);
value integer_from_mpz(mpz_srcptr z);
value integer_from_int(intptr_t n);

value integer_add(value a, value b);
value integer_subtract(value a, value b);
value integer_multiply(value a, value b);
value integer_gcd(value a, value b);
value integer_power(value base, unsigned long exponent);
/* -1, 0 or 1 */
int integer_compare(value a, value b);
int integer_sign(value v);
bool integer_is_odd(value v);
/* The largest integer of which the square is not above n, and what is missing. */
value integer_sqrt(value n, value *rest);

enum rounding { TRUNCATE, FLOOR, CEILING, ROUND };

/* A quotient rounded down or towards zero, and its remainder; b is not 0. */
value integer_divide(value a, value b, enum rounding rounding, value *remainder);

/* ---- rational.c: exact rationals ------------------------------------------------- */

value rational_add(value a, value b);
value rational_subtract(value a, value b);
value rational_multiply(value a, value b);
value rational_divide(value a, value b);
value rational_power(value base, unsigned long exponent);
int rational_compare(value a, value b);
int rational_sign(value v);
value rational_round(value v, enum rounding rounding);
value rational_numerator(value v);
value rational_denominator(value v);
/* The number must be finite. */
value rational_from_double(double number);
/* The nearest double, ties to even. */
double rational_to_double(value v);

/* ---- number.c: numbers of all kinds ---------------------------------------------- */

value number_add(value a, value b);
value number_subtract(value a, value b);
value number_multiply(value a, value b);
value number_divide(value a, value b);
value want_number(value v);
double want_double(value v);
/* Whether it is an exact or inexact integer. */
bool is_integer(value v);
int number_sign(value v);
value number_exact(value v);

/* Result of number_compare when a NaN is among its arguments. */
#define UNORDERED 2
int number_compare(value a, value b);

/* ---- number-read.c, number-write.c ----------------------------------------------- */

/* The number that the text denotes, or FALSE. */
value number_parse(const uint32_t *chars, size_t length, int radix);
char *number_text(value number, int radix);

/* Before any number is made. */
void integers_init(void);
/* For the calling thread, before and after it calculates. */
void integers_begin(void);
void integers_end(void);
void rationals_begin(void);
void rationals_end(void);
void define_division(void);
void define_functions(void);

#endif
