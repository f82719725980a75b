/* Characters. */
#include "primitive.h"
#include "unicode.h"

#define CHAR_PREDICATE(name, function)                \
    PRIMITIVE(name)                                   \
    {                                                 \
        return boolean(function(want_char(args[0]))); \
    }

CHAR_PREDICATE(p_is_alphabetic, char_is_alphabetic)
CHAR_PREDICATE(p_is_whitespace, char_is_space)
CHAR_PREDICATE(p_is_upper_case, char_is_upper)
CHAR_PREDICATE(p_is_lower_case, char_is_lower)

SIMPLE(p_is_numeric, boolean(char_digit(want_char(args[0])) >= 0))
SIMPLE(p_is_char, boolean(is_char(args[0])))
SIMPLE(p_char_upcase, character(char_upper(want_char(args[0]))))
SIMPLE(p_char_downcase, character(char_lower(want_char(args[0]))))
SIMPLE(p_char_foldcase, character(char_fold(want_char(args[0]))))
SIMPLE(p_char_to_integer, fixnum(want_char(args[0])))

PRIMITIVE(p_digit_value)
{
    int digit = char_digit(want_char(args[0]));
    return digit < 0 ? FALSE : fixnum(digit);
}

PRIMITIVE(p_integer_to_char)
{
    size_t c = want_index(args[0], 0, 0x10FFFF);
    if (c >= 0xD800 && c < 0xE000)
        fail("integer->char: %v is a surrogate, not a character", args[0]);
    return character((uint32_t)c);
}

static int compare(value a, value b)
{
    uint32_t x = want_char(a), y = want_char(b);
    return (x > y) - (x < y);
}

static int compare_folded(value a, value b)
{
    uint32_t x = char_fold(want_char(a)), y = char_fold(want_char(b));
    return (x > y) - (x < y);
}

COMPARISON(p_equal, compare, order == 0)
COMPARISON(p_less, compare, order < 0)
COMPARISON(p_greater, compare, order > 0)
COMPARISON(p_less_equal, compare, order <= 0)
COMPARISON(p_greater_equal, compare, order >= 0)
COMPARISON(p_ci_equal, compare_folded, order == 0)
COMPARISON(p_ci_less, compare_folded, order < 0)
COMPARISON(p_ci_greater, compare_folded, order > 0)
COMPARISON(p_ci_less_equal, compare_folded, order <= 0)
COMPARISON(p_ci_greater_equal, compare_folded, order >= 0)

static const struct definition definitions[] = {
    {"char?", p_is_char, 1, 1},
    {"char-alphabetic?", p_is_alphabetic, 1, 1},
    {"char-numeric?", p_is_numeric, 1, 1},
    {"char-whitespace?", p_is_whitespace, 1, 1},
    {"char-upper-case?", p_is_upper_case, 1, 1},
    {"char-lower-case?", p_is_lower_case, 1, 1},
    {"char-upcase", p_char_upcase, 1, 1},
    {"char-downcase", p_char_downcase, 1, 1},
    {"char-foldcase", p_char_foldcase, 1, 1},
    {"digit-value", p_digit_value, 1, 1},
    {"char->integer", p_char_to_integer, 1, 1},
    {"integer->char", p_integer_to_char, 1, 1},
    {"char=?", p_equal, 1, MANY},
    {"char<?", p_less, 1, MANY},
    {"char>?", p_greater, 1, MANY},
    {"char<=?", p_less_equal, 1, MANY},
    {"char>=?", p_greater_equal, 1, MANY},
    {"char-ci=?", p_ci_equal, 1, MANY},
    {"char-ci<?", p_ci_less, 1, MANY},
    {"char-ci>?", p_ci_greater, 1, MANY},
    {"char-ci<=?", p_ci_less_equal, 1, MANY},
    {"char-ci>=?", p_ci_greater_equal, 1, MANY},
};

void define_chars(void)
{
    DEFINE_PRIMITIVES(definitions);
}
