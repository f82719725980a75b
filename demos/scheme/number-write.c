/* From numbers to text. */
#include "machine.h"
#include "number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *integer_text(value v, int radix)
{
    struct integer view;
    mpz_srcptr z = integer_view(&view, v);
    char *text = allocate_atomic(mpz_sizeinbase(z, radix) + 2);
    return mpz_get_str(text, radix, z);
}

static char *ratnum_text(value v, int radix)
{
    const char *numerator = integer_text(rational_numerator(v), radix);
    const char *denominator = integer_text(rational_denominator(v), radix);
    size_t size = strlen(numerator) + strlen(denominator) + 2;
    char *text = allocate_atomic(size);
    snprintf(text, size, "%s/%s", numerator, denominator);
    return text;
}

/* ---- The shortest digits of a double --------------------------------------------- */

/* The number 0.d1d2d3... times 10 to the power of `point`. */
struct digits {
    char digits[24];
    int count, point;
};

/* The free-format algorithm of Steele and White, and Dybvig: the number is r/s, and all between
 * (r-below)/s and (r+above)/s is read as the same double. */
struct generator {
    mpz_t r, s, above, below, sum;
    bool even; /* so the limits are, too */
};

/* number = mantissa * 2^exponent */
static void generator_begin(struct generator *g, double number)
{
    int exponent;
    double mantissa = frexp(number, &exponent);
    /* Below a power of two the doubles are twice as close as above it. */
    int closer = mantissa == 0.5 && exponent > DBL_MIN_EXP;
    exponent = (exponent > DBL_MIN_EXP ? exponent : DBL_MIN_EXP) - DBL_MANT_DIG;
    mpz_inits(g->r, g->s, g->above, g->below, g->sum, NULL);
    mpz_set_d(g->r, ldexp(number, -exponent));
    g->even = mpz_even_p(g->r);
    mpz_mul_2exp(g->r, g->r, (mp_bitcnt_t)(1 + closer + (exponent > 0 ? exponent : 0)));
    mpz_set_ui(g->s, 1);
    mpz_mul_2exp(g->s, g->s, (mp_bitcnt_t)(1 + closer + (exponent < 0 ? -exponent : 0)));
    mpz_set_ui(g->below, 1);
    mpz_mul_2exp(g->below, g->below, (mp_bitcnt_t)(exponent > 0 ? exponent : 0));
    mpz_mul_2exp(g->above, g->below, (mp_bitcnt_t)closer);
}

static void generator_end(struct generator *g)
{
    mpz_clears(g->r, g->s, g->above, g->below, g->sum, NULL);
}

static void multiply_number(struct generator *g, mpz_srcptr factor)
{
    mpz_mul(g->r, g->r, factor);
    mpz_mul(g->above, g->above, factor);
    mpz_mul(g->below, g->below, factor);
}

/* Whether the number's upper limit is r/s = 1 or more. */
static bool reaches_one(struct generator *g)
{
    mpz_add(g->sum, g->r, g->above);
    int order = mpz_cmp(g->sum, g->s);
    return order > 0 || (order == 0 && g->even);
}

/* Divides the number by a power of 10 so that its first digit is the one after the point; returns the power. */
static int generator_scale(struct generator *g, double number)
{
    int power = (int)ceil(log10(number) - 1e-10);
    mpz_ui_pow_ui(g->sum, 10, (unsigned long)abs(power));
    if (power >= 0)
        mpz_mul(g->s, g->s, g->sum);
    else
        multiply_number(g, g->sum);
    if (!reaches_one(g))
        return power;
    mpz_mul_ui(g->s, g->s, 10);
    return power + 1;
}

static void generate(struct generator *g, struct digits *out)
{
    mpz_t ten, digit;
    bool low = false, high = false;
    mpz_init_set_ui(ten, 10);
    mpz_init(digit);
    while (!low && !high) {
        multiply_number(g, ten);
        mpz_tdiv_qr(digit, g->r, g->r, g->s);
        int order = mpz_cmp(g->r, g->below);
        low = order < 0 || (order == 0 && g->even);
        high = reaches_one(g);
        mpz_mul_2exp(g->sum, g->r, 1);
        bool up = high && (!low || mpz_cmp(g->sum, g->s) >= 0);
        out->digits[out->count++] = (char)('0' + mpz_get_ui(digit) + up);
    }
    mpz_clears(ten, digit, NULL);
}

static void shortest_digits(double number, struct digits *out)
{
    struct generator g;
    generator_begin(&g, number);
    out->count = 0;
    out->point = generator_scale(&g, number);
    generate(&g, out);
    generator_end(&g);
}

/* ---- Flonums --------------------------------------------------------------------- */

/* Beyond these positions of the point an exponent is written. */
#define MOST_DIGITS 21
#define MOST_ZEROS 6

#define FLONUM_SIZE 40

static void put_plain(char *out, const struct digits *d)
{
    int integer = d->point > 0 ? d->point : 1;
    for (int i = 0; i < integer; i++) {
        int from = d->point > 0 ? i : -1;
        *out++ = from >= 0 && from < d->count ? d->digits[from] : '0';
    }
    *out++ = '.';
    for (int i = d->point; i < 0; i++)
        *out++ = '0';
    int first = d->point > 0 ? d->point : 0;
    if (first >= d->count)
        *out++ = '0';
    for (int i = first; i < d->count; i++)
        *out++ = d->digits[i];
    *out = '\0';
}

static void put_with_exponent(char *out, const struct digits *d)
{
    *out++ = d->digits[0];
    if (d->count > 1)
        *out++ = '.';
    for (int i = 1; i < d->count; i++)
        *out++ = d->digits[i];
    sprintf(out, "e%d", d->point - 1);
}

static char *flonum_text(double number)
{
    char *text = allocate_atomic(FLONUM_SIZE), *out = text;
    struct digits digits = {{'0'}, 1, 1};
    if (!isfinite(number))
        return strcpy(text, isnan(number) ? "+nan.0" : number > 0 ? "+inf.0" : "-inf.0");
    if (signbit(number))
        *out++ = '-';
    if (number != 0)
        shortest_digits(fabs(number), &digits);
    if (digits.point > MOST_DIGITS || digits.point <= -MOST_ZEROS)
        put_with_exponent(out, &digits);
    else
        put_plain(out, &digits);
    return text;
}

char *number_text(value number, int radix)
{
    if (is_flonum(number)) {
        if (radix != 10)
            fail("%s: inexact numbers are written in radix 10 only: %v",
                 vm.primitive->name, number);
        return flonum_text(double_of(number));
    }
    return is_ratnum(number) ? ratnum_text(number, radix) : integer_text(number, radix);
}
