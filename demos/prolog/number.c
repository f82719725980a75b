/* Numbers: small integers, GMP's big ones, and floats; comparing them, and their text. */
#include "prolog.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Making ------------------------------------------------------------------------ */

static struct number *number_new(enum box_type type)
{
    struct number *n = type == FLOAT ? allocate_atomic(sizeof *n) : allocate(sizeof *n);
    n->box.type = type;
    return n;
}

struct number *number_at(term t)
{
    return address(t);
}

term real(double d)
{
    if (isnan(d))
        evaluation_error("undefined");
    if (isinf(d))
        evaluation_error("float_overflow");
    struct number *n = number_new(FLOAT);
    n->real = d;
    return tagged(n, BOX);
}

term big_result(const mpz_t z)
{
    if (mpz_fits_slong_p(z)) {
        int64_t n = mpz_get_si(z);
        if (n >= -INTEGER_MAX && n < INTEGER_MAX)
            return integer(n);
    }
    struct number *n = number_new(BIG);
    mpz_init_set(n->big, z);
    return tagged(n, BOX);
}

/* GMP's memory is the heap's, too: results that nobody has any more are collected. */
static void *gmp_allocate(size_t size)
{
    return allocate_atomic(size);
}

static void *gmp_reallocate(void *object, size_t old_size, size_t size)
{
    (void)old_size;
    return check_memory(gc_realloc(object, size));
}

static void gmp_free(void *object, size_t size)
{
    (void)size;
    gc_free(object);
}

void numbers_init(void)
{
    mp_set_memory_functions(gmp_allocate, gmp_reallocate, gmp_free);
}

term integer_of_64(int64_t n)
{
    mpz_t z;
    if (n >= -INTEGER_MAX && n < INTEGER_MAX)
        return integer(n);
    mpz_init_set_si(z, n);
    return big_result(z);
}

/* The value of an integer as GMP wants it. */
void to_big(mpz_t z, term t)
{
    if (tag_of(t) == INTEGER)
        mpz_init_set_si(z, integer_of(t));
    else
        mpz_init_set(z, number_at(t)->big);
}

double real_of(term t)
{
    if (tag_of(t) == INTEGER)
        return (double)integer_of(t);
    double d = is_box(t, BIG) ? mpz_get_d(number_at(t)->big) : number_at(t)->real;
    if (isinf(d))
        evaluation_error("float_overflow");
    return d;
}

/* ---- Comparing --------------------------------------------------------------------- */

int number_compare(term a, term b)
{
    if (is_integer(a) && is_integer(b)) {
        if (tag_of(a) == INTEGER && tag_of(b) == INTEGER)
            return (integer_of(a) > integer_of(b)) - (integer_of(a) < integer_of(b));
        mpz_t x, y;
        to_big(x, a);
        to_big(y, b);
        return mpz_cmp(x, y);
    }
    if (is_box(a, BIG))
        return mpz_cmp_d(number_at(a)->big, real_of(b));
    if (is_box(b, BIG))
        return -mpz_cmp_d(number_at(b)->big, real_of(a));
    double x = real_of(a), y = real_of(b);
    return (x > y) - (x < y);
}

/* ---- Text -------------------------------------------------------------------------- */

term integer_parse(const char *digits, int base)
{
    char *end;
    errno = 0;
    long n = strtol(digits, &end, base);
    if (*end || end == digits)
        return 0;
    if (!errno)
        return integer_of_64(n);
    mpz_t z;
    mpz_init_set_str(z, digits, base);
    return big_result(z);
}

char *number_text(term t)
{
    char buffer[40];
    if (is_box(t, BIG)) {
        char *text = allocate_atomic(mpz_sizeinbase(number_at(t)->big, 10) + 2);
        return mpz_get_str(text, 10, number_at(t)->big);
    }
    if (tag_of(t) == INTEGER) {
        snprintf(buffer, sizeof buffer, "%ld", (long)integer_of(t));
        return check_memory(gc_strdup(buffer));
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, sizeof buffer, "%.*g", digits, number_at(t)->real);
        if (strtod(buffer, NULL) == number_at(t)->real)
            break;
    }
    char *exponent = strchr(buffer, 'e');
    if (exponent && exponent[1] == '+')
        memmove(exponent + 1, exponent + 2, strlen(exponent + 1));
    if (!strchr(buffer, '.') && exponent) {
        memmove(exponent + 2, exponent, strlen(exponent) + 1);
        memcpy(exponent, ".0", 2);
    } else if (!strchr(buffer, '.')) {
        strcat(buffer, ".0");
    }
    return check_memory(gc_strdup(buffer));
}
