/* Powers, roots, logarithms and the trigonometric functions. */
#include "number.h"
#include "primitive.h"

#include <math.h>

#define REAL_FUNCTION(name, function)                  \
    PRIMITIVE(name)                                    \
    {                                                  \
        return flonum(function(want_double(args[0]))); \
    }

REAL_FUNCTION(p_exp, exp)
REAL_FUNCTION(p_sin, sin)
REAL_FUNCTION(p_cos, cos)
REAL_FUNCTION(p_tan, tan)
REAL_FUNCTION(p_asin, asin)
REAL_FUNCTION(p_acos, acos)

PRIMITIVE(p_atan)
{
    return flonum(argc == 1 ? atan(want_double(args[0]))
                            : atan2(want_double(args[0]), want_double(args[1])));
}

/* ---- Logarithms ------------------------------------------------------------------ */

/* Of a positive exact integer, which may be too large for a double. */
static double log_of_integer(value v)
{
    struct integer view;
    long exponent;
    double mantissa = mpz_get_d_2exp(&exponent, integer_view(&view, v));
    return log(mantissa) + (double)exponent * M_LN2;
}

static double natural_log(value v)
{
    double number = want_double(v);
    if (is_flonum(v) || number_sign(v) <= 0 || (number > 0 && isfinite(number)))
        return log(number);
    return log_of_integer(rational_numerator(v)) -
           log_of_integer(rational_denominator(v));
}

PRIMITIVE(p_log)
{
    double number = natural_log(args[0]);
    return flonum(argc == 1 ? number : number / natural_log(args[1]));
}

/* ---- Roots ----------------------------------------------------------------------- */

/* The exact root of an exact rational that is not negative, or FALSE. */
static value exact_sqrt(value v)
{
    value rest;
    value numerator = integer_sqrt(rational_numerator(v), &rest);
    if (rest != fixnum(0))
        return FALSE;
    value denominator = integer_sqrt(rational_denominator(v), &rest);
    return rest == fixnum(0) ? rational_divide(numerator, denominator) : FALSE;
}

static value square_root(value v)
{
    value root, rest;
    double number = want_double(v);
    if (!is_flonum(v) && number >= 0) {
        if ((root = exact_sqrt(v)) != FALSE)
            return root;
        if (isinf(number))
            return flonum(want_double(integer_sqrt(rational_round(v, FLOOR), &rest)));
    }
    return flonum(sqrt(number));
}

SIMPLE(p_sqrt, square_root(args[0]))

/* ---- Powers ---------------------------------------------------------------------- */

/* An exponent that is no fixnum: the result can be had when the base is 0, 1 or -1. */
static value huge_power(value base, value exponent)
{
    if (base == fixnum(0) || base == fixnum(1))
        return base;
    if (base == fixnum(-1))
        return integer_is_odd(exponent) ? base : fixnum(1);
    fail("%s: the result is too large", vm.primitive->name);
}

static value exact_power(value base, value exponent)
{
    bool negative = integer_sign(exponent) < 0;
    if (negative)
        base = rational_divide(fixnum(1), base);
    if (!is_fixnum(exponent))
        return huge_power(base, exponent);
    intptr_t n = fixnum_of(exponent);
    return rational_power(base, (unsigned long)(negative ? -n : n));
}

static value power(value base, value exponent)
{
    if (is_exact(base) && is_exact_integer(exponent))
        return exact_power(base, exponent);
    return flonum(pow(want_double(base), want_double(exponent)));
}

/* Roots are exact where sqrt's are: (expt 4 1/2) is. */
PRIMITIVE(p_expt)
{
    value base = want_number(args[0]), exponent = want_number(args[1]);
    if (is_ratnum(exponent) && rational_denominator(exponent) == fixnum(2))
        return power(square_root(base), rational_numerator(exponent));
    return power(base, exponent);
}

static const struct definition definitions[] = {
    {"exp", p_exp, 1, 1},   {"log", p_log, 1, 2},   {"sin", p_sin, 1, 1},
    {"cos", p_cos, 1, 1},   {"tan", p_tan, 1, 1},   {"asin", p_asin, 1, 1},
    {"acos", p_acos, 1, 1}, {"atan", p_atan, 1, 2}, {"sqrt", p_sqrt, 1, 1},
    {"expt", p_expt, 2, 2},
};

void define_functions(void)
{
    DEFINE_PRIMITIVES(definitions);
}
