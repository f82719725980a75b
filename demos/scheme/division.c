/* Division of integers, exact and inexact, and what builds on it. */
#include "control.h"
#include "number.h"
#include "primitive.h"

#include <math.h>

static value want_integer(value v)
{
    if (!is_integer(v))
        fail_type("an integer", v);
    return v;
}

/* The remainder of doubles is exact; so a - *rest is a multiple of b, or the nearest double to one. */
static value divide_doubles(double a, double b, enum rounding rounding, value *remainder)
{
    double rest = fmod(a, b);
    if (rounding == FLOOR && rest != 0 && (rest < 0) != (b < 0))
        rest += b;
    *remainder = flonum(rest);
    return flonum(rint((a - rest) / b));
}

static value divide(value *args, enum rounding rounding, value *remainder)
{
    value a = want_integer(args[0]), b = want_integer(args[1]);
    if (number_sign(b) == 0)
        fail("%s: division by zero", vm.primitive->name);
    if (is_flonum(a) || is_flonum(b))
        return divide_doubles(want_double(a), want_double(b), rounding, remainder);
    return integer_divide(a, b, rounding, remainder);
}

static value remainder_of(value *args, enum rounding rounding)
{
    value remainder;
    divide(args, rounding, &remainder);
    return remainder;
}

static value quotient_of(value *args, enum rounding rounding)
{
    value remainder;
    return divide(args, rounding, &remainder);
}

static value both_of(value *args, enum rounding rounding)
{
    value results[2];
    results[0] = divide(args, rounding, &results[1]);
    return scheme_values(2, results);
}

SIMPLE(p_quotient, quotient_of(args, TRUNCATE))
SIMPLE(p_remainder, remainder_of(args, TRUNCATE))
SIMPLE(p_modulo, remainder_of(args, FLOOR))
SIMPLE(p_floor_quotient, quotient_of(args, FLOOR))
SIMPLE(p_floor_divide, both_of(args, FLOOR))
SIMPLE(p_truncate_divide, both_of(args, TRUNCATE))

/* ---- Divisors -------------------------------------------------------------------- */

/* What one argument is when the other is inexact: both functions below are exact inside. */
static value as_inexact_as(value a, value b, value exact_result)
{
    return is_flonum(a) || is_flonum(b) ? flonum(want_double(exact_result))
                                        : exact_result;
}

static value gcd(value a, value b)
{
    value x = number_exact(want_integer(a)), y = number_exact(want_integer(b));
    return as_inexact_as(a, b, integer_gcd(x, y));
}

static value absolute(value v)
{
    return integer_sign(v) < 0 ? integer_subtract(fixnum(0), v) : v;
}

static value lcm(value a, value b)
{
    value x = number_exact(want_integer(a)), y = number_exact(want_integer(b)), rest;
    if (x == fixnum(0) || y == fixnum(0))
        return as_inexact_as(a, b, fixnum(0));
    value part = integer_divide(x, integer_gcd(x, y), TRUNCATE, &rest);
    return as_inexact_as(a, b, absolute(integer_multiply(part, y)));
}

static value fold(int argc, value *args, value (*operation)(value, value), value unit)
{
    value result = unit;
    for (int i = 0; i < argc; i++)
        result = operation(result, args[i]);
    return result;
}

SIMPLE(p_gcd, fold(argc, args, gcd, fixnum(0)))
SIMPLE(p_lcm, fold(argc, args, lcm, fixnum(1)))

/* A part of the fraction in lowest terms that the number is. */
static value part(value v, value (*part_of)(value))
{
    value exact_part = part_of(number_exact(v));
    return is_flonum(v) ? flonum(want_double(exact_part)) : exact_part;
}

SIMPLE(p_numerator, part(args[0], rational_numerator))
SIMPLE(p_denominator, part(args[0], rational_denominator))

PRIMITIVE(p_exact_integer_sqrt)
{
    value results[2];
    if (!is_exact_integer(args[0]) || integer_sign(args[0]) < 0)
        fail_type("an exact integer that is not negative", args[0]);
    results[0] = integer_sqrt(args[0], &results[1]);
    return scheme_values(2, results);
}

/* ---- Rounding -------------------------------------------------------------------- */

static double round_double(double number, enum rounding rounding)
{
    switch (rounding) {
    case TRUNCATE:
        return trunc(number);
    case FLOOR:
        return floor(number);
    case CEILING:
        return ceil(number);
    default:
        return rint(number);
    }
}

static value round_number(value v, enum rounding rounding)
{
    return is_flonum(want_number(v)) ? flonum(round_double(double_of(v), rounding))
                                     : rational_round(v, rounding);
}

SIMPLE(p_floor, round_number(args[0], FLOOR))
SIMPLE(p_ceiling, round_number(args[0], CEILING))
SIMPLE(p_truncate, round_number(args[0], TRUNCATE))
SIMPLE(p_round, round_number(args[0], ROUND))

/* They return two values. */
static const struct definition of_two[] = {
    {"truncate/", p_truncate_divide, 2, 2},
    {"floor/", p_floor_divide, 2, 2},
    {"exact-integer-sqrt", p_exact_integer_sqrt, 1, 1},
};

static const struct definition definitions[] = {
    {"quotient", p_quotient, 2, 2},
    {"remainder", p_remainder, 2, 2},
    {"modulo", p_modulo, 2, 2},
    {"truncate-quotient", p_quotient, 2, 2},
    {"truncate-remainder", p_remainder, 2, 2},
    {"floor-quotient", p_floor_quotient, 2, 2},
    {"floor-remainder", p_modulo, 2, 2},
    {"gcd", p_gcd, 0, MANY},
    {"lcm", p_lcm, 0, MANY},
    {"numerator", p_numerator, 1, 1},
    {"denominator", p_denominator, 1, 1},
    {"floor", p_floor, 1, 1},
    {"ceiling", p_ceiling, 1, 1},
    {"truncate", p_truncate, 1, 1},
    {"round", p_round, 1, 1},
};

void define_division(void)
{
    define_control_primitives(of_two, sizeof of_two / sizeof *of_two);
    DEFINE_PRIMITIVES(definitions);
}
