/* Numbers of all kinds: arithmetic, comparison and predicates. */
#include "number.h"
#include "primitive.h"

#include <math.h>
#include <string.h>

value want_number(value v)
{
    if (!is_number(v))
        fail_type("a number", v);
    return v;
}

double want_double(value v)
{
    if (is_flonum(v))
        return double_of(v);
    return rational_to_double(want_number(v));
}

bool is_integer(value v)
{
    return is_exact_integer(v) || (is_flonum(v) && isfinite(double_of(v)) &&
                                   floor(double_of(v)) == double_of(v));
}

int number_sign(value v)
{
    if (!is_flonum(want_number(v)))
        return rational_sign(v);
    return (double_of(v) > 0) - (double_of(v) < 0);
}

value number_exact(value v)
{
    if (!is_flonum(want_number(v)))
        return v;
    if (!isfinite(double_of(v)))
        fail("%s: %v has no exact value", vm.primitive->name, v);
    return rational_from_double(double_of(v));
}

/* ---- Arithmetic ------------------------------------------------------------------ */

#define OPERATION(name, operator, on_integers, on_rationals)   \
    value name(value a, value b)                               \
    {                                                          \
        if (is_exact_integer(a) && is_exact_integer(b))        \
            return on_integers(a, b);                          \
        if (is_exact(a) && is_exact(b))                        \
            return on_rationals(a, b);                         \
        return flonum(want_double(a) operator want_double(b)); \
    }

OPERATION(number_add, +, integer_add, rational_add)
OPERATION(number_subtract, -, integer_subtract, rational_subtract)
OPERATION(number_multiply, *, integer_multiply, rational_multiply)
OPERATION(number_divide, /, rational_divide, rational_divide)

static value fold(int argc, value *args, value (*operation)(value, value), value unit)
{
    value result = argc > 0 ? want_number(args[0]) : unit;
    for (int i = 1; i < argc; i++)
        result = operation(result, args[i]);
    return result;
}

SIMPLE(p_add, fold(argc, args, number_add, fixnum(0)))
SIMPLE(p_multiply, fold(argc, args, number_multiply, fixnum(1)))

static value negate(value v)
{
    return is_flonum(v) ? flonum(-double_of(v)) : number_subtract(fixnum(0), v);
}

PRIMITIVE(p_subtract)
{
    return argc == 1 ? negate(args[0]) : fold(argc, args, number_subtract, fixnum(0));
}

PRIMITIVE(p_divide)
{
    return argc == 1 ? number_divide(fixnum(1), args[0])
                     : fold(argc, args, number_divide, fixnum(1));
}

SIMPLE(p_abs, is_flonum(args[0])         ? flonum(fabs(double_of(args[0])))
              : number_sign(args[0]) < 0 ? negate(args[0])
                                         : args[0])
SIMPLE(p_square, number_multiply(args[0], args[0]))

/* ---- Comparison ------------------------------------------------------------------ */

static int compare_doubles(double a, double b)
{
    return isnan(a) || isnan(b) ? UNORDERED : (a > b) - (a < b);
}

/* An inexact number counts for the exact one that it is. */
static int compare_with_double(value exact, double number)
{
    if (!isfinite(number))
        return compare_doubles(0, number);
    return rational_compare(exact, rational_from_double(number));
}

int number_compare(value a, value b)
{
    if (is_flonum(a) && is_flonum(b))
        return compare_doubles(double_of(a), double_of(b));
    if (is_flonum(a)) {
        int order = compare_with_double(want_number(b), double_of(a));
        return order == UNORDERED ? UNORDERED : -order;
    }
    if (is_flonum(b))
        return compare_with_double(want_number(a), double_of(b));
    return rational_compare(want_number(a), want_number(b));
}

COMPARISON(p_equal, number_compare, order == 0)
COMPARISON(p_less, number_compare, order == -1)
COMPARISON(p_greater, number_compare, order == 1)
COMPARISON(p_less_equal, number_compare, order == -1 || order == 0)
COMPARISON(p_greater_equal, number_compare, order == 1 || order == 0)

static bool is_nan(value v)
{
    return is_flonum(want_number(v)) && isnan(double_of(v));
}

/* The argument for which a comparison with all others never gives `worse`; a NaN if there is any, and
 * inexact if any argument is. */
static value extreme(int argc, value *args, int worse)
{
    value best = want_number(args[0]);
    bool inexact = is_flonum(best);
    for (int i = 1; i < argc; i++) {
        inexact |= is_flonum(want_number(args[i]));
        if (!is_nan(best) && (is_nan(args[i]) || number_compare(best, args[i]) == worse))
            best = args[i];
    }
    return inexact && !is_flonum(best) ? flonum(want_double(best)) : best;
}

SIMPLE(p_max, extreme(argc, args, -1))
SIMPLE(p_min, extreme(argc, args, 1))

/* ---- Predicates ------------------------------------------------------------------ */

static bool is_finite(value v)
{
    return !is_flonum(want_number(v)) || isfinite(double_of(v));
}

static bool is_odd(value v)
{
    if (!is_integer(v))
        fail_type("an integer", v);
    return is_flonum(v) ? fmod(double_of(v), 2) != 0 : integer_is_odd(v);
}

SIMPLE(p_is_number, boolean(is_number(args[0])))
SIMPLE(p_is_rational, boolean(is_number(args[0]) && is_finite(args[0])))
SIMPLE(p_is_integer, boolean(is_integer(args[0])))
SIMPLE(p_is_exact_integer, boolean(is_exact_integer(args[0])))
SIMPLE(p_is_exact, boolean(!is_flonum(want_number(args[0]))))
SIMPLE(p_is_inexact, boolean(is_flonum(want_number(args[0]))))
SIMPLE(p_is_finite, boolean(is_finite(args[0])))
SIMPLE(p_is_nan, boolean(is_nan(args[0])))
SIMPLE(p_is_infinite, boolean(!is_finite(args[0]) && !is_nan(args[0])))
SIMPLE(p_is_zero, boolean(!is_nan(args[0]) && number_sign(args[0]) == 0))
SIMPLE(p_is_positive, boolean(number_sign(args[0]) > 0))
SIMPLE(p_is_negative, boolean(number_sign(args[0]) < 0))
SIMPLE(p_is_odd, boolean(is_odd(args[0])))
SIMPLE(p_is_even, boolean(!is_odd(args[0])))

/* ---- Conversions ----------------------------------------------------------------- */

SIMPLE(p_exact, number_exact(args[0]))
SIMPLE(p_inexact, is_flonum(args[0]) ? args[0] : flonum(want_double(args[0])))

static int radix_arg(int argc, value *args)
{
    return argc == 1 ? 10 : (int)want_index(args[1], 2, 36);
}

PRIMITIVE(p_number_to_string)
{
    const char *text = number_text(want_number(args[0]), radix_arg(argc, args));
    return string_from_utf8(text, strlen(text));
}

PRIMITIVE(p_string_to_number)
{
    const struct string *s = string_of(want(args[0], TYPE_STRING));
    return number_parse(s->chars, s->length, radix_arg(argc, args));
}

static const struct definition definitions[] = {
    {"+", p_add, 0, MANY},
    {"-", p_subtract, 1, MANY},
    {"*", p_multiply, 0, MANY},
    {"/", p_divide, 1, MANY},
    {"abs", p_abs, 1, 1},
    {"square", p_square, 1, 1},
    {"=", p_equal, 1, MANY},
    {"<", p_less, 1, MANY},
    {">", p_greater, 1, MANY},
    {"<=", p_less_equal, 1, MANY},
    {">=", p_greater_equal, 1, MANY},
    {"max", p_max, 1, MANY},
    {"min", p_min, 1, MANY},
    {"number?", p_is_number, 1, 1},
    {"complex?", p_is_number, 1, 1},
    {"real?", p_is_number, 1, 1},
    {"rational?", p_is_rational, 1, 1},
    {"integer?", p_is_integer, 1, 1},
    {"exact-integer?", p_is_exact_integer, 1, 1},
    {"exact?", p_is_exact, 1, 1},
    {"inexact?", p_is_inexact, 1, 1},
    {"finite?", p_is_finite, 1, 1},
    {"infinite?", p_is_infinite, 1, 1},
    {"nan?", p_is_nan, 1, 1},
    {"zero?", p_is_zero, 1, 1},
    {"positive?", p_is_positive, 1, 1},
    {"negative?", p_is_negative, 1, 1},
    {"odd?", p_is_odd, 1, 1},
    {"even?", p_is_even, 1, 1},
    {"exact", p_exact, 1, 1},
    {"inexact", p_inexact, 1, 1},
    {"exact->inexact", p_inexact, 1, 1},
    {"inexact->exact", p_exact, 1, 1},
    {"number->string", p_number_to_string, 1, 2},
    {"string->number", p_string_to_number, 1, 2},
};

void define_numbers(void)
{
    DEFINE_PRIMITIVES(definitions);
    define_division();
    define_functions();
}
