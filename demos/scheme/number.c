/* Numbers: fixnums of 63 bits and flonums.  An exact result that does not fit a fixnum
 * becomes a flonum, and so does a quotient of integers that is not one. */
#include "scheme.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_flonum(value v)
{
    return has_type(v, TYPE_FLONUM);
}

static bool is_number(value v)
{
    return is_fixnum(v) || is_flonum(v);
}

static double want_double(value v)
{
    if (is_fixnum(v))
        return (double)fixnum_of(v);
    if (!is_flonum(v))
        fail_type("a number", v);
    return double_of(v);
}

static bool is_integer(value v)
{
    return is_fixnum(v) || (is_flonum(v) && isfinite(double_of(v)) &&
                            floor(double_of(v)) == double_of(v));
}

/* ---- Text ------------------------------------------------------------------------ */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

/* The exact integer, or FALSE when the text is none or too large. */
static value parse_fixnum(const char *text, int radix)
{
    bool negative = *text == '-';
    intptr_t n = 0;
    if (*text == '-' || *text == '+')
        text++;
    if (!*text)
        return FALSE;
    for (; *text; text++) {
        int digit = digit_of(*text);
        if (digit >= radix || __builtin_mul_overflow(n, (intptr_t)radix, &n) ||
            __builtin_sub_overflow(n, (intptr_t)digit, &n))
            return FALSE;
    }
    if (n < FIXNUM_MIN || (!negative && n < -FIXNUM_MAX))
        return FALSE;
    return fixnum(negative ? n : -n);
}

static value parse_flonum(const char *text)
{
    char *end;
    if (!strcmp(text, "+inf.0"))
        return flonum(INFINITY);
    if (!strcmp(text, "-inf.0"))
        return flonum(-INFINITY);
    if (!strcmp(text, "+nan.0"))
        return flonum(NAN);
    if (text[strspn(text, "+-.0123456789eE")] || !strpbrk(text, "0123456789") ||
        digit_of(*text) == 14)
        return FALSE;
    double number = strtod(text, &end);
    return *end ? FALSE : flonum(number);
}

value number_parse(const uint32_t *chars, size_t length, int radix)
{
    char text[400];
    if (length == 0 || length >= sizeof text)
        return FALSE;
    for (size_t i = 0; i < length; i++) {
        if (chars[i] <= ' ' || chars[i] >= 0x7F)
            return FALSE;
        text[i] = (char)chars[i];
    }
    text[length] = '\0';
    value v = parse_fixnum(text, radix);
    return v == FALSE && radix == 10 ? parse_flonum(text) : v;
}

static void format_fixnum(intptr_t n, int radix, char out[NUMBER_SIZE])
{
    char digits[NUMBER_SIZE], *p = digits + NUMBER_SIZE - 1;
    uintptr_t rest = n < 0 ? -(uintptr_t)n : (uintptr_t)n;
    *p = '\0';
    do {
        *--p = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % (unsigned)radix];
        rest /= (unsigned)radix;
    } while (rest);
    if (n < 0)
        *--p = '-';
    memcpy(out, p, (size_t)(digits + NUMBER_SIZE - p));
}

void number_format(value number, int radix, char out[NUMBER_SIZE])
{
    if (is_fixnum(number)) {
        format_fixnum(fixnum_of(number), radix, out);
        return;
    }
    double d = double_of(number);
    if (!isfinite(d)) {
        strcpy(out, isnan(d) ? "+nan.0" : d > 0 ? "+inf.0" : "-inf.0");
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(out, NUMBER_SIZE, "%.*g", precision, d);
        if (strtod(out, NULL) == d)
            break;
    }
    char *exponent = strchr(out, 'e');
    if (!strpbrk(out, ".e"))
        strcat(out, ".0");
    else if (exponent) /* without its + and leading zeros */
        sprintf(exponent, "e%d", atoi(exponent + 1));
}

/* ---- Arithmetic ------------------------------------------------------------------ */

static value fixnum_or_flonum(bool overflow, intptr_t n, double d)
{
    return overflow || n > FIXNUM_MAX || n < FIXNUM_MIN ? flonum(d) : fixnum(n);
}

static value add(value a, value b)
{
    double d = want_double(a) + want_double(b);
    if (!is_fixnum(a) || !is_fixnum(b))
        return flonum(d);
    return fixnum_or_flonum(false, fixnum_of(a) + fixnum_of(b), d);
}

static value subtract(value a, value b)
{
    double d = want_double(a) - want_double(b);
    if (!is_fixnum(a) || !is_fixnum(b))
        return flonum(d);
    return fixnum_or_flonum(false, fixnum_of(a) - fixnum_of(b), d);
}

static value multiply(value a, value b)
{
    double d = want_double(a) * want_double(b);
    intptr_t n;
    if (!is_fixnum(a) || !is_fixnum(b))
        return flonum(d);
    bool overflow = __builtin_mul_overflow(fixnum_of(a), fixnum_of(b), &n);
    return fixnum_or_flonum(overflow, n, d);
}

static value divide(value a, value b)
{
    if (b == fixnum(0))
        fail("/: division by zero");
    if (is_fixnum(a) && is_fixnum(b) && fixnum_of(a) % fixnum_of(b) == 0)
        return fixnum_or_flonum(false, fixnum_of(a) / fixnum_of(b),
                                (double)fixnum_of(a) / (double)fixnum_of(b));
    return flonum(want_double(a) / want_double(b));
}

static value fold(int argc, value *args, value (*operation)(value, value), value result)
{
    for (int i = 0; i < argc; i++)
        result = operation(result, args[i]);
    return result;
}

PRIMITIVE(p_add)
{
    return argc < 2 ? fold(argc, args, add, fixnum(0))
                    : fold(argc - 1, args + 1, add, args[0]);
}

SIMPLE(p_multiply, fold(argc, args, multiply, fixnum(1)))

PRIMITIVE(p_subtract)
{
    return argc == 1 ? subtract(fixnum(0), args[0])
                     : fold(argc - 1, args + 1, subtract, args[0]);
}

PRIMITIVE(p_divide)
{
    return argc == 1 ? divide(fixnum(1), args[0])
                     : fold(argc - 1, args + 1, divide, args[0]);
}

/* ---- Comparison ------------------------------------------------------------------ */

static int compare(value a, value b)
{
    if (is_fixnum(a) && is_fixnum(b))
        return ((intptr_t)a > (intptr_t)b) - ((intptr_t)a < (intptr_t)b);
    double x = want_double(a), y = want_double(b);
    return isunordered(x, y) ? 2 : (x > y) - (x < y);
}

#define COMPARISON(name, holds)                        \
    PRIMITIVE(name)                                    \
    {                                                  \
        bool result = true;                            \
        if (argc == 1)                                 \
            want_double(args[0]);                      \
        for (int i = 0; i + 1 < argc; i++) {           \
            int order = compare(args[i], args[i + 1]); \
            result = result && (holds);                \
        }                                              \
        return boolean(result);                        \
    }

COMPARISON(p_equal, order == 0)
COMPARISON(p_less, order == -1)
COMPARISON(p_greater, order == 1)
COMPARISON(p_less_equal, order == -1 || order == 0)
COMPARISON(p_greater_equal, order == 1 || order == 0)

/* The argument for which compare with all others never gives `worse`; a flonum if any
 * of them is. */
static value extreme(int argc, value *args, int worse)
{
    value best = args[0];
    bool inexact = !is_fixnum(args[0]);
    want_double(best);
    for (int i = 1; i < argc; i++) {
        inexact |= !is_fixnum(args[i]);
        if (compare(best, args[i]) == worse)
            best = args[i];
    }
    return inexact ? flonum(want_double(best)) : best;
}

SIMPLE(p_max, extreme(argc, args, -1))
SIMPLE(p_min, extreme(argc, args, 1))

/* ---- Integers -------------------------------------------------------------------- */

enum division { QUOTIENT, REMAINDER, MODULO };

static double divide_double(double a, double b, enum division kind)
{
    if (kind == QUOTIENT)
        return trunc(a / b);
    double rest = fmod(a, b);
    return kind == MODULO && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static value divide_integers(value *args, enum division kind)
{
    for (int i = 0; i < 2; i++) {
        if (!is_integer(args[i]))
            fail_type("an integer", args[i]);
    }
    if (want_double(args[1]) == 0)
        fail("%s: division by zero", vm.primitive->name);
    if (!is_fixnum(args[0]) || !is_fixnum(args[1]))
        return flonum(divide_double(want_double(args[0]), want_double(args[1]), kind));
    intptr_t a = fixnum_of(args[0]), b = fixnum_of(args[1]), rest = a % b;
    if (kind == QUOTIENT)
        return fixnum_or_flonum(false, a / b, (double)a / (double)b);
    return fixnum(kind == MODULO && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

SIMPLE(p_quotient, divide_integers(args, QUOTIENT))
SIMPLE(p_remainder, divide_integers(args, REMAINDER))
SIMPLE(p_modulo, divide_integers(args, MODULO))

static value gcd(value a, value b)
{
    while (want_double(b) != 0) {
        value pair[2] = {a, b};
        a = b;
        b = divide_integers(pair, REMAINDER);
    }
    return want_double(a) < 0 ? subtract(fixnum(0), a) : a;
}

SIMPLE(p_gcd, fold(argc, args, gcd, fixnum(0)))

static value lcm(value a, value b)
{
    if (want_double(a) == 0 || want_double(b) == 0)
        return fixnum(0);
    value pair[2] = {a, gcd(a, b)};
    value product = multiply(divide_integers(pair, QUOTIENT), b);
    return want_double(product) < 0 ? subtract(fixnum(0), product) : product;
}

SIMPLE(p_lcm, fold(argc, args, lcm, fixnum(1)))

/* ---- Functions ------------------------------------------------------------------- */

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

#define ROUNDING(name, function)                                                      \
    PRIMITIVE(name)                                                                   \
    {                                                                                 \
        return is_fixnum(args[0]) ? args[0] : flonum(function(want_double(args[0]))); \
    }

ROUNDING(p_floor, floor)
ROUNDING(p_ceiling, ceil)
ROUNDING(p_truncate, trunc)
ROUNDING(p_round, rint)

PRIMITIVE(p_log)
{
    double d = log(want_double(args[0]));
    return flonum(argc == 1 ? d : d / log(want_double(args[1])));
}

PRIMITIVE(p_atan)
{
    return flonum(argc == 1 ? atan(want_double(args[0]))
                            : atan2(want_double(args[0]), want_double(args[1])));
}

SIMPLE(p_abs, want_double(args[0]) < 0 ? subtract(fixnum(0), args[0]) : args[0])

PRIMITIVE(p_exact)
{
    if (is_fixnum(args[0]))
        return args[0];
    double d = want_double(args[0]);
    if (floor(d) != d || !(fabs(d) < 0x1p62))
        fail("%s: %v has no exact value here", vm.primitive->name, args[0]);
    return fixnum((intptr_t)d);
}

SIMPLE(p_inexact, flonum(want_double(args[0])))

/* Exact when the argument is the square of an exact number. */
PRIMITIVE(p_sqrt)
{
    double d = sqrt(want_double(args[0]));
    if (is_fixnum(args[0]) && floor(d) == d &&
        multiply(fixnum((intptr_t)d), fixnum((intptr_t)d)) == args[0])
        return fixnum((intptr_t)d);
    return flonum(d);
}

PRIMITIVE(p_expt)
{
    if (!is_fixnum(args[0]) || !is_fixnum(args[1]) || fixnum_of(args[1]) < 0)
        return flonum(pow(want_double(args[0]), want_double(args[1])));
    value result = fixnum(1), base = args[0];
    for (intptr_t n = fixnum_of(args[1]); n > 0; n >>= 1) {
        if (n & 1)
            result = multiply(result, base);
        if (n > 1)
            base = multiply(base, base);
    }
    return result;
}

/* ---- Predicates and conversions -------------------------------------------------- */

SIMPLE(p_is_number, boolean(is_number(args[0])))
SIMPLE(p_is_integer, boolean(is_integer(args[0])))

PRIMITIVE(p_is_exact)
{
    want_double(args[0]);
    return boolean(is_fixnum(args[0]));
}

PRIMITIVE(p_is_inexact)
{
    want_double(args[0]);
    return boolean(is_flonum(args[0]));
}

SIMPLE(p_is_nan, boolean(isnan(want_double(args[0]))))
SIMPLE(p_is_zero, boolean(want_double(args[0]) == 0))
SIMPLE(p_is_positive, boolean(want_double(args[0]) > 0))
SIMPLE(p_is_negative, boolean(want_double(args[0]) < 0))

static bool is_odd(value v)
{
    if (!is_integer(v))
        fail_type("an integer", v);
    return is_fixnum(v) ? fixnum_of(v) & 1 : fmod(double_of(v), 2) != 0;
}

SIMPLE(p_is_odd, boolean(is_odd(args[0])))
SIMPLE(p_is_even, boolean(!is_odd(args[0])))

static int radix_arg(int argc, value *args)
{
    return argc == 1 ? 10 : (int)want_index(args[1], 2, 36);
}

PRIMITIVE(p_number_to_string)
{
    char out[NUMBER_SIZE];
    want_double(args[0]);
    number_format(args[0], radix_arg(argc, args), out);
    return string_from_utf8(out, strlen(out));
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
    {"=", p_equal, 1, MANY},
    {"<", p_less, 1, MANY},
    {">", p_greater, 1, MANY},
    {"<=", p_less_equal, 1, MANY},
    {">=", p_greater_equal, 1, MANY},
    {"max", p_max, 1, MANY},
    {"min", p_min, 1, MANY},
    {"quotient", p_quotient, 2, 2},
    {"remainder", p_remainder, 2, 2},
    {"modulo", p_modulo, 2, 2},
    {"gcd", p_gcd, 0, MANY},
    {"lcm", p_lcm, 0, MANY},
    {"abs", p_abs, 1, 1},
    {"floor", p_floor, 1, 1},
    {"ceiling", p_ceiling, 1, 1},
    {"truncate", p_truncate, 1, 1},
    {"round", p_round, 1, 1},
    {"exp", p_exp, 1, 1},
    {"log", p_log, 1, 2},
    {"sin", p_sin, 1, 1},
    {"cos", p_cos, 1, 1},
    {"tan", p_tan, 1, 1},
    {"asin", p_asin, 1, 1},
    {"acos", p_acos, 1, 1},
    {"atan", p_atan, 1, 2},
    {"sqrt", p_sqrt, 1, 1},
    {"expt", p_expt, 2, 2},
    {"exact", p_exact, 1, 1},
    {"inexact", p_inexact, 1, 1},
    {"exact->inexact", p_inexact, 1, 1},
    {"inexact->exact", p_exact, 1, 1},
    {"number?", p_is_number, 1, 1},
    {"integer?", p_is_integer, 1, 1},
    {"exact?", p_is_exact, 1, 1},
    {"inexact?", p_is_inexact, 1, 1},
    {"nan?", p_is_nan, 1, 1},
    {"zero?", p_is_zero, 1, 1},
    {"positive?", p_is_positive, 1, 1},
    {"negative?", p_is_negative, 1, 1},
    {"odd?", p_is_odd, 1, 1},
    {"even?", p_is_even, 1, 1},
    {"number->string", p_number_to_string, 1, 2},
    {"string->number", p_string_to_number, 1, 2},
};

void define_numbers(void)
{
    DEFINE_PRIMITIVES(definitions);
}
