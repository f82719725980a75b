/* Exact rationals: exact integers, and ratnums for what is none.  GMP calculates. */
#include "machine.h"
#include "number.h"

#include <math.h>

/* ---- Values and GMP's rationals -------------------------------------------------- */

value rational_numerator(value v)
{
    return is_ratnum(v) ? ((const struct ratnum *)v)->numerator : v;
}

value rational_denominator(value v)
{
    return is_ratnum(v) ? ((const struct ratnum *)v)->denominator : fixnum(1);
}

/* GMP's view of an exact rational, which it can read and not change. */
struct rational {
    mpq_t q;
    struct integer numerator, denominator;
};

static mpq_srcptr rational_view(struct rational *view, value v)
{
    *mpq_numref(view->q) = *integer_view(&view->numerator, rational_numerator(v));
    *mpq_denref(view->q) = *integer_view(&view->denominator, rational_denominator(v));
    return view->q;
}

/* `q` is in lowest terms. */
static value rational_from_mpq(mpq_srcptr q)
{
    value numerator = integer_from_mpz(mpq_numref(q));
    if (mpz_cmp_ui(mpq_denref(q), 1) == 0)
        return numerator;
    struct ratnum *r = allocate_object(sizeof *r, TYPE_RATNUM);
    r->numerator = numerator;
    r->denominator = integer_from_mpz(mpq_denref(q));
    return &r->object;
}

/* Where GMP leaves results, before they become values. */
static _Thread_local mpq_t result;

void rationals_begin(void)
{
    mpq_init(result);
}

void rationals_end(void)
{
    mpq_clear(result);
}

/* ---- Arithmetic ------------------------------------------------------------------ */

static value calculate(value a, value b,
                       void (*operation)(mpq_ptr, mpq_srcptr, mpq_srcptr))
{
    struct rational x, y;
    operation(result, rational_view(&x, a), rational_view(&y, b));
    return rational_from_mpq(result);
}

value rational_add(value a, value b)
{
    return calculate(a, b, mpq_add);
}

value rational_subtract(value a, value b)
{
    return calculate(a, b, mpq_sub);
}

value rational_multiply(value a, value b)
{
    return calculate(a, b, mpq_mul);
}

value rational_divide(value a, value b)
{
    if (b == fixnum(0))
        fail("%s: division by zero", vm.primitive ? vm.primitive->name : "?");
    return calculate(a, b, mpq_div);
}

value rational_power(value base, unsigned long exponent)
{
    value numerator = integer_power(rational_numerator(base), exponent);
    return rational_divide(numerator,
                           integer_power(rational_denominator(base), exponent));
}

int rational_compare(value a, value b)
{
    struct rational x, y;
    if (is_exact_integer(a) && is_exact_integer(b))
        return integer_compare(a, b);
    int order = mpq_cmp(rational_view(&x, a), rational_view(&y, b));
    return (order > 0) - (order < 0);
}

int rational_sign(value v)
{
    return integer_sign(rational_numerator(v));
}

/* To the nearest integer, of two that are equally near to the even one. */
static value round_to_even(const struct ratnum *r)
{
    value twice = integer_multiply(r->numerator, fixnum(2)), rest;
    value sum = integer_add(twice, r->denominator);
    value rounded =
        integer_divide(sum, integer_multiply(r->denominator, fixnum(2)), FLOOR, &rest);
    return rest == fixnum(0) && integer_is_odd(rounded)
               ? integer_subtract(rounded, fixnum(1))
               : rounded;
}

value rational_round(value v, enum rounding rounding)
{
    const struct ratnum *r = (const struct ratnum *)v;
    value rest;
    if (is_exact_integer(v))
        return v;
    if (rounding == ROUND)
        return round_to_even(r);
    if (rounding != CEILING)
        return integer_divide(r->numerator, r->denominator, rounding, &rest);
    return integer_add(integer_divide(r->numerator, r->denominator, FLOOR, &rest),
                       fixnum(1));
}

/* ---- Doubles --------------------------------------------------------------------- */

value rational_from_double(double number)
{
    mpq_set_d(result, number);
    return rational_from_mpq(result);
}

/* Doubles are multiples of 2 to the power of -1074; two bits more are enough to round. */
#define MOST_FRACTION_BITS 1076

/* By how many bits to shift the numerator: a quotient of 63 or 64 bits is enough, too, if its last bit tells
 * whether anything was left. */
static long fraction_bits(mpz_srcptr numerator, mpz_srcptr denominator)
{
    long shift =
        63 + (long)mpz_sizeinbase(denominator, 2) - (long)mpz_sizeinbase(numerator, 2);
    return shift < MOST_FRACTION_BITS ? shift : MOST_FRACTION_BITS;
}

double rational_to_double(value v)
{
    struct rational view;
    mpz_t quotient, rest, scaled;
    if (is_fixnum(v))
        return (double)fixnum_of(v);
    mpq_srcptr q = rational_view(&view, v);
    long shift = fraction_bits(mpq_numref(q), mpq_denref(q));
    mpz_inits(quotient, rest, scaled, NULL);
    if (shift >= 0) {
        mpz_mul_2exp(scaled, mpq_numref(q), (mp_bitcnt_t)shift);
        mpz_tdiv_qr(quotient, rest, scaled, mpq_denref(q));
    } else {
        mpz_mul_2exp(scaled, mpq_denref(q), (mp_bitcnt_t)-shift);
        mpz_tdiv_qr(quotient, rest, mpq_numref(q), scaled);
    }
    double magnitude = (double)(mpz_get_ui(quotient) | (mpz_sgn(rest) != 0));
    mpz_clears(quotient, rest, scaled, NULL);
    magnitude = ldexp(magnitude, shift > -2000 ? (int)-shift : 2000);
    return rational_sign(v) < 0 ? -magnitude : magnitude;
}
