/* Exact integers: fixnums, and bignums for what does not fit these.  GMP calculates. */
#include "machine.h"
#include "number.h"

#include <stdlib.h>
#include <string.h>

/* ---- Memory ---------------------------------------------------------------------- */

/* GMP frees what it allocates here.  It has to, as it chains its blocks by pointers inside them, where the
 * collector does not look.  Bignums are objects of their own. */
static void *gmp_allocate(size_t size)
{
    void *p = gc_alloc_manual_atomic(size);
    if (!p)
        fail_memory();
    return p;
}

static void *gmp_reallocate(void *block, size_t old_size, size_t size)
{
    (void)old_size;
    void *p = gc_realloc(block, size);
    if (!p)
        fail_memory();
    return p;
}

static void gmp_free(void *block, size_t size)
{
    (void)size;
    gc_free(block);
}

/* Where GMP leaves results, before they become values. */
static _Thread_local mpz_t result, second_result;

void integers_init(void)
{
    mp_set_memory_functions(gmp_allocate, gmp_reallocate, gmp_free);
}

void integers_begin(void)
{
    mpz_inits(result, second_result, NULL);
}

void integers_end(void)
{
    mpz_clears(result, second_result, NULL);
}

/* ---- Values and GMP's integers --------------------------------------------------- */

static value bignum(const mp_limb_t *limbs, size_t count, bool negative)
{
    struct bignum *b = allocate_atomic(sizeof *b + count * sizeof *limbs);
    b->object.type = TYPE_BIGNUM;
    b->size = negative ? -(int)count : (int)count;
    memcpy(b->limbs, limbs, count * sizeof *limbs);
    return &b->object;
}

static mp_limb_t magnitude(intptr_t n)
{
    return n < 0 ? -(mp_limb_t)n : (mp_limb_t)n;
}

value integer_from_int(intptr_t n)
{
    mp_limb_t limb = magnitude(n);
    return n > FIXNUM_MAX || n < FIXNUM_MIN ? bignum(&limb, 1, n < 0) : fixnum(n);
}

value integer_from_mpz(mpz_srcptr z)
{
    if (mpz_fits_slong_p(z))
        return integer_from_int(mpz_get_si(z));
    return bignum(mpz_limbs_read(z), mpz_size(z), mpz_sgn(z) < 0);
}

mpz_srcptr integer_view(struct integer *view, value v)
{
    if (is_fixnum(v)) {
        intptr_t n = fixnum_of(v);
        view->limb = magnitude(n);
        return mpz_roinit_n(view->z, &view->limb, n < 0 ? -1 : 1);
    }
    const struct bignum *b = (const struct bignum *)v;
    return mpz_roinit_n(view->z, b->limbs, b->size);
}

/* ---- Arithmetic ------------------------------------------------------------------ */

/* What is larger than this would overflow a size of GMP's. */
#define MOST_BITS ((size_t)1 << 36)

static size_t bit_length(value v)
{
    struct integer view;
    return mpz_sizeinbase(integer_view(&view, v), 2);
}

static void check_size(size_t bit_count)
{
    if (bit_count > MOST_BITS)
        fail("%s: the result is too large", vm.primitive ? vm.primitive->name : "?");
}

static value calculate(value a, value b,
                       void (*operation)(mpz_ptr, mpz_srcptr, mpz_srcptr))
{
    struct integer x, y;
    operation(result, integer_view(&x, a), integer_view(&y, b));
    return integer_from_mpz(result);
}

value integer_add(value a, value b)
{
    if (is_fixnum(a) && is_fixnum(b))
        return integer_from_int(fixnum_of(a) + fixnum_of(b));
    return calculate(a, b, mpz_add);
}

value integer_subtract(value a, value b)
{
    if (is_fixnum(a) && is_fixnum(b))
        return integer_from_int(fixnum_of(a) - fixnum_of(b));
    return calculate(a, b, mpz_sub);
}

value integer_multiply(value a, value b)
{
    intptr_t n;
    if (is_fixnum(a) && is_fixnum(b) &&
        !__builtin_mul_overflow(fixnum_of(a), fixnum_of(b), &n))
        return integer_from_int(n);
    check_size(bit_length(a) + bit_length(b));
    return calculate(a, b, mpz_mul);
}

value integer_gcd(value a, value b)
{
    return calculate(a, b, mpz_gcd);
}

value integer_power(value base, unsigned long exponent)
{
    struct integer view;
    size_t bit_count;
    mpz_srcptr z = integer_view(&view, base);
    if (mpz_cmpabs_ui(z, 1) > 0) {
        if (__builtin_mul_overflow(mpz_sizeinbase(z, 2), exponent, &bit_count))
            bit_count = SIZE_MAX;
        check_size(bit_count);
    }
    mpz_pow_ui(result, z, exponent);
    return integer_from_mpz(result);
}

int integer_compare(value a, value b)
{
    if (is_fixnum(a) && is_fixnum(b))
        return (fixnum_of(a) > fixnum_of(b)) - (fixnum_of(a) < fixnum_of(b));
    struct integer x, y;
    int order = mpz_cmp(integer_view(&x, a), integer_view(&y, b));
    return (order > 0) - (order < 0);
}

int integer_sign(value v)
{
    struct integer view;
    return mpz_sgn(integer_view(&view, v));
}

bool integer_is_odd(value v)
{
    struct integer view;
    return mpz_odd_p(integer_view(&view, v));
}

value integer_sqrt(value n, value *rest)
{
    struct integer view;
    mpz_sqrtrem(result, second_result, integer_view(&view, n));
    *rest = integer_from_mpz(second_result);
    return integer_from_mpz(result);
}

static value divide_fixnums(intptr_t a, intptr_t b, enum rounding rounding,
                            value *remainder)
{
    intptr_t quotient = a / b, rest = a % b;
    if (rounding == FLOOR && rest != 0 && (rest < 0) != (b < 0)) {
        quotient--;
        rest += b;
    }
    *remainder = fixnum(rest);
    return integer_from_int(quotient);
}

value integer_divide(value a, value b, enum rounding rounding, value *remainder)
{
    struct integer x, y;
    if (is_fixnum(a) && is_fixnum(b))
        return divide_fixnums(fixnum_of(a), fixnum_of(b), rounding, remainder);
    if (rounding == FLOOR)
        mpz_fdiv_qr(result, second_result, integer_view(&x, a), integer_view(&y, b));
    else
        mpz_tdiv_qr(result, second_result, integer_view(&x, a), integer_view(&y, b));
    *remainder = integer_from_mpz(second_result);
    return integer_from_mpz(result);
}
