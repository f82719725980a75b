/* Arithmetic: the functions of expressions, and their evaluation. */
#include "prolog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BIG_BITS_MAX ((double)((int64_t)1 << 33))

/* ---- Functions --------------------------------------------------------------------- */

static bool both_small(term a, term b)
{
    return tag_of(a) == INTEGER && tag_of(b) == INTEGER;
}

static void want_integers(term a, term b)
{
    if (!is_integer(a))
        type_error("integer", a);
    if (!is_integer(b))
        type_error("integer", b);
}

typedef void big_function(mpz_t, const mpz_t, const mpz_t);

static term apply_big(big_function *function, term a, term b)
{
    mpz_t x, y, z;
    want_integers(a, b);
    to_big(x, a);
    to_big(y, b);
    mpz_init(z);
    function(z, x, y);
    return big_result(z);
}

/* Operations that have a result of 64 bits or overflow, one for GMP, and one for floats. */
#define RING(name, builtin, function, operator)                             \
    static term name(term a, term b)                                        \
    {                                                                       \
        int64_t n;                                                          \
        if (both_small(a, b) && !builtin(integer_of(a), integer_of(b), &n)) \
            return integer_of_64(n);                                        \
        if (is_integer(a) && is_integer(b))                                 \
            return apply_big(function, a, b);                               \
        return real(real_of(a) operator real_of(b));                        \
    }

RING(add, __builtin_add_overflow, mpz_add, +)
RING(subtract, __builtin_sub_overflow, mpz_sub, -)
RING(multiply, __builtin_mul_overflow, mpz_mul, *)

static term divide_by(big_function *function, term a, term b)
{
    want_integers(a, b);
    if (b == integer(0))
        evaluation_error("zero_divisor");
    return apply_big(function, a, b);
}

static term quotient(term a, term b)
{
    if (both_small(a, b) && b != integer(0))
        return integer_of_64(integer_of(a) / integer_of(b));
    return divide_by(mpz_tdiv_q, a, b);
}

static term remainder_of(term a, term b)
{
    if (both_small(a, b) && b != integer(0))
        return integer(integer_of(a) % integer_of(b));
    return divide_by(mpz_tdiv_r, a, b);
}

static term modulo(term a, term b)
{
    if (both_small(a, b) && b != integer(0)) {
        int64_t r = integer_of(a) % integer_of(b);
        return integer(r && (r ^ integer_of(b)) < 0 ? r + integer_of(b) : r);
    }
    return divide_by(mpz_fdiv_r, a, b);
}

static term floor_quotient(term a, term b)
{
    return divide_by(mpz_fdiv_q, a, b);
}

static term divide(term a, term b)
{
    if (is_integer(a) && is_integer(b)) {
        if (b == integer(0))
            evaluation_error("zero_divisor");
        if (remainder_of(a, b) == integer(0))
            return quotient(a, b);
    }
    double divisor = real_of(b);
    if (divisor == 0)
        evaluation_error(real_of(a) == 0 ? "undefined" : "zero_divisor");
    return real(real_of(a) / divisor);
}

static term minimum(term a, term b)
{
    return number_compare(a, b) <= 0 ? a : b;
}

static term maximum(term a, term b)
{
    return number_compare(a, b) >= 0 ? a : b;
}

static term bits_and(term a, term b)
{
    return apply_big(mpz_and, a, b);
}

static term bits_or(term a, term b)
{
    return apply_big(mpz_ior, a, b);
}

static term bits_xor(term a, term b)
{
    return apply_big(mpz_xor, a, b);
}

static term greatest_divisor(term a, term b)
{
    return apply_big(mpz_gcd, a, b);
}

static void check_bits(double bits)
{
    if (bits > BIG_BITS_MAX)
        resource_error("memory");
}

/* Shifts to the left; by a negative count, to the right. */
static term shift(term a, int64_t count)
{
    mpz_t z;
    to_big(z, a);
    if (count >= 0) {
        check_bits((double)mpz_sizeinbase(z, 2) + (double)count);
        mpz_mul_2exp(z, z, (mp_bitcnt_t)count);
    } else {
        mpz_fdiv_q_2exp(z, z, (mp_bitcnt_t)-count);
    }
    return big_result(z);
}

static term shift_left(term a, term b)
{
    want_integers(a, b);
    return shift(a, want_integer(b));
}

static term shift_right(term a, term b)
{
    want_integers(a, b);
    return shift(a, -want_integer(b));
}

static term power_of_integers(term a, term b)
{
    mpz_t z;
    if (number_compare(b, integer(0)) < 0) {
        if (a == integer(1))
            return a;
        if (a == integer(-1))
            return modulo(b, integer(2)) == integer(0) ? integer(1) : a;
        if (a == integer(0))
            evaluation_error("zero_divisor");
        type_error("float", a);
    }
    to_big(z, a);
    if (mpz_cmpabs_ui(z, 1) <= 0)
        b = b == integer(0) ? b : integer(2 - (modulo(b, integer(2)) != integer(0)));
    check_bits((double)mpz_sizeinbase(z, 2) * real_of(b));
    mpz_pow_ui(z, z, (unsigned long)want_integer(b));
    return big_result(z);
}

static term power_of_reals(term a, term b)
{
    if (real_of(a) == 0 && real_of(b) < 0)
        evaluation_error("zero_divisor");
    return real(pow(real_of(a), real_of(b)));
}

static term power(term a, term b)
{
    if (is_integer(a) && is_integer(b))
        return power_of_integers(a, b);
    return power_of_reals(a, b);
}

static term arc_tangent_2(term a, term b)
{
    if (real_of(a) == 0 && real_of(b) == 0)
        evaluation_error("undefined");
    return real(atan2(real_of(a), real_of(b)));
}

static term copy_sign(term a, term b)
{
    return real(copysign(real_of(a), real_of(b)));
}

static term truncate_to(double rounded, term a)
{
    mpz_t z;
    if (is_integer(a))
        return a;
    mpz_init_set_d(z, rounded);
    return big_result(z);
}

term negated(term a)
{
    return is_integer(a) ? subtract(integer(0), a) : real(-real_of(a));
}

static term negate(term a, term b)
{
    (void)b;
    return negated(a);
}

static term sign(term a, term b)
{
    (void)b;
    int order = number_compare(a, integer(0));
    return is_integer(a) ? integer(order) : real(order);
}

static term absolute(term a, term b)
{
    if (!is_integer(a))
        return real(fabs(real_of(a)));
    return number_compare(a, integer(0)) < 0 ? negate(a, b) : a;
}

/* As ^, but a negative power of integers is a float. */
static term power_or_real(term a, term b)
{
    bool fraction = is_integer(a) && is_integer(b) && number_compare(b, integer(0)) < 0 &&
                    number_compare(absolute(a, 0), integer(1)) > 0;
    return fraction ? power_of_reals(a, b) : power(a, b);
}

static term bits_not(term a, term b)
{
    (void)b;
    want_integers(a, a);
    return subtract(integer(-1), a);
}

static term most_significant(term a, term b)
{
    mpz_t z;
    (void)b;
    want_integers(a, a);
    to_big(z, a);
    return integer((int64_t)mpz_sizeinbase(z, 2) - 1);
}

static term successor(term a, term b)
{
    (void)b;
    return add(a, integer(1));
}

static term identity(term a, term b)
{
    (void)b;
    return a;
}

#define UNARY(name, expression)      \
    static term name(term a, term b) \
    {                                \
        (void)b;                     \
        return expression;           \
    }

UNARY(to_float, is_integer(a) ? real(real_of(a)) : a)
UNARY(truncated, truncate_to(is_integer(a) ? 0 : trunc(real_of(a)), a))
UNARY(rounded, truncate_to(is_integer(a) ? 0 : round(real_of(a)), a))
UNARY(ceiled, truncate_to(is_integer(a) ? 0 : ceil(real_of(a)), a))
UNARY(floored, truncate_to(is_integer(a) ? 0 : floor(real_of(a)), a))
UNARY(integer_part, real(trunc(real_of(a))))
UNARY(fractional_part, is_integer(a) ? integer(0) : real(real_of(a) - trunc(real_of(a))))
UNARY(sine, real(sin(real_of(a))))
UNARY(cosine, real(cos(real_of(a))))
UNARY(tangent, real(tan(real_of(a))))
UNARY(arc_sine, real(asin(real_of(a))))
UNARY(arc_cosine, real(acos(real_of(a))))
UNARY(arc_tangent, real(atan(real_of(a))))
UNARY(exponential, real(exp(real_of(a))))
UNARY(square_root, real(sqrt(real_of(a))))
UNARY(random_below, integer(want_integer(a) > 0 ? random() % want_integer(a) : 0))

static term logarithm(term a, term b)
{
    (void)b;
    if (real_of(a) == 0 && is_integer(a))
        evaluation_error("undefined");
    return real(real_of(a) <= 0 ? NAN : log(real_of(a)));
}

static term logarithm_2(term a, term b)
{
    return real(real_of(logarithm(a, b)) / log(2));
}

#define CONSTANT(name, expression)   \
    static term name(term a, term b) \
    {                                \
        (void)a;                     \
        (void)b;                     \
        return expression;           \
    }

CONSTANT(constant_pi, real(M_PI))
CONSTANT(constant_e, real(M_E))
CONSTANT(infinity, (evaluation_error("undefined"), 0))
CONSTANT(epsilon, real(0x1p-52))
CONSTANT(largest, integer(INTEGER_MAX - 1))
CONSTANT(smallest, integer(-INTEGER_MAX))
CONSTANT(cpu_time, real((double)clock() / CLOCKS_PER_SEC))
CONSTANT(random_number, integer(random()))
CONSTANT(random_float, real(((double)random() + 0.5) / ((double)RAND_MAX + 1)))

static const struct function {
    const char *name;
    size_t arity;
    evaluator *evaluator;
} functions[] = {
    {"+", 2, add},
    {"-", 2, subtract},
    {"*", 2, multiply},
    {"/", 2, divide},
    {"//", 2, quotient},
    {"rem", 2, remainder_of},
    {"mod", 2, modulo},
    {"div", 2, floor_quotient},
    {"min", 2, minimum},
    {"max", 2, maximum},
    {"/\\", 2, bits_and},
    {"\\/", 2, bits_or},
    {"xor", 2, bits_xor},
    {"gcd", 2, greatest_divisor},
    {"<<", 2, shift_left},
    {">>", 2, shift_right},
    {"**", 2, power_or_real},
    {"^", 2, power},
    {"atan2", 2, arc_tangent_2},
    {"atan", 2, arc_tangent_2},
    {"copysign", 2, copy_sign},
    {"-", 1, negate},
    {"+", 1, identity},
    {"abs", 1, absolute},
    {"sign", 1, sign},
    {"\\", 1, bits_not},
    {"msb", 1, most_significant},
    {"succ", 1, successor},
    {"float", 1, to_float},
    {"truncate", 1, truncated},
    {"integer", 1, rounded},
    {"round", 1, rounded},
    {"ceiling", 1, ceiled},
    {"floor", 1, floored},
    {"float_integer_part", 1, integer_part},
    {"float_fractional_part", 1, fractional_part},
    {"sin", 1, sine},
    {"cos", 1, cosine},
    {"tan", 1, tangent},
    {"asin", 1, arc_sine},
    {"acos", 1, arc_cosine},
    {"atan", 1, arc_tangent},
    {"exp", 1, exponential},
    {"log", 1, logarithm},
    {"log2", 1, logarithm_2},
    {"sqrt", 1, square_root},
    {"random", 1, random_below},
    {"random_float", 0, random_float},
    {"pi", 0, constant_pi},
    {"e", 0, constant_e},
    {"inf", 0, infinity},
    {"nan", 0, infinity},
    {"epsilon", 0, epsilon},
    {"max_tagged_integer", 0, largest},
    {"min_tagged_integer", 0, smallest},
    {"cputime", 0, cpu_time},
    {"random", 0, random_number},
};

evaluator *evaluator_of(const struct functor *f)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (functions[i].arity == f->arity && !strcmp(functions[i].name, f->name->text))
            return functions[i].evaluator;
    }
    return NULL;
}

/* ---- Evaluating -------------------------------------------------------------------- */

static term evaluate_nested(term t, int depth)
{
    t = deref(t);
    if (is_number(t))
        return t;
    if (tag_of(t) == REFERENCE)
        instantiation_error();
    if (tag_of(t) == BOX)
        type_error("evaluable", t);
    if (tag_of(t) == LIST && is_atom(argument(t, 1), atoms.nil))
        return evaluate_nested(argument(t, 0), depth);
    const struct functor *f = functor_of_term(t);
    evaluator *function = evaluator_of(f);
    if (!function)
        type_error("evaluable",
                   structure(atoms.slash, 2,
                             (term[]){atom(f->name), integer((int64_t)f->arity)}));
    if (depth == 0)
        resource_error("depth_of_expression");
    term a = f->arity > 0 ? evaluate_nested(argument(t, 0), depth - 1) : 0;
    term b = f->arity > 1 ? evaluate_nested(argument(t, 1), depth - 1) : 0;
    return function(a, b);
}

term evaluate(term expression)
{
    return evaluate_nested(expression, 20000);
}
