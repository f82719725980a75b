/* Strings and characters. */
#include "scheme.h"

#include <string.h>
#include <wctype.h>

static struct string *want_string(value v)
{
    return string_of(want(v, TYPE_STRING));
}

/* ---- Characters ------------------------------------------------------------------ */

#define CHAR_PREDICATE(name, function)                     \
    PRIMITIVE(name)                                        \
    {                                                      \
        return boolean(function(want_char(args[0])) != 0); \
    }

CHAR_PREDICATE(p_is_alphabetic, iswalpha)
CHAR_PREDICATE(p_is_numeric, iswdigit)
CHAR_PREDICATE(p_is_whitespace, iswspace)
CHAR_PREDICATE(p_is_upper_case, iswupper)
CHAR_PREDICATE(p_is_lower_case, iswlower)

SIMPLE(p_is_char, boolean(is_char(args[0])))
SIMPLE(p_char_upcase, character(towupper(want_char(args[0]))))
SIMPLE(p_char_downcase, character(towlower(want_char(args[0]))))
SIMPLE(p_char_to_integer, fixnum(want_char(args[0])))

PRIMITIVE(p_integer_to_char)
{
    size_t c = want_index(args[0], 0, 0x10FFFF);
    if (c >= 0xD800 && c < 0xE000)
        fail("integer->char: %v is a surrogate, not a character", args[0]);
    return character((uint32_t)c);
}

/* ---- Comparison ------------------------------------------------------------------ */

static int compare_strings(const struct string *a, const struct string *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    for (size_t i = 0; i < shorter; i++) {
        if (a->chars[i] != b->chars[i])
            return a->chars[i] < b->chars[i] ? -1 : 1;
    }
    return (a->length > b->length) - (a->length < b->length);
}

static int compare_texts(value a, value b)
{
    return compare_strings(want_string(a), want_string(b));
}

static int compare_chars(value a, value b)
{
    uint32_t x = want_char(a), y = want_char(b);
    return (x > y) - (x < y);
}

#define COMPARISON(name, compare, holds)               \
    PRIMITIVE(name)                                    \
    {                                                  \
        bool result = true;                            \
        for (int i = 0; i + 1 < argc; i++) {           \
            int order = compare(args[i], args[i + 1]); \
            result = result && (holds);                \
        }                                              \
        return boolean(result);                        \
    }

COMPARISON(p_char_equal, compare_chars, order == 0)
COMPARISON(p_char_less, compare_chars, order < 0)
COMPARISON(p_char_greater, compare_chars, order > 0)
COMPARISON(p_char_less_equal, compare_chars, order <= 0)
COMPARISON(p_char_greater_equal, compare_chars, order >= 0)
COMPARISON(p_string_equal, compare_texts, order == 0)
COMPARISON(p_string_less, compare_texts, order < 0)
COMPARISON(p_string_greater, compare_texts, order > 0)
COMPARISON(p_string_less_equal, compare_texts, order <= 0)
COMPARISON(p_string_greater_equal, compare_texts, order >= 0)

/* ---- Strings --------------------------------------------------------------------- */

SIMPLE(p_is_string, boolean(has_type(args[0], TYPE_STRING)))

static void fill(struct string *s, size_t start, size_t end, uint32_t c)
{
    for (size_t i = start; i < end; i++)
        s->chars[i] = c;
}

PRIMITIVE(p_make_string)
{
    size_t length = want_index(args[0], 0, SIZE_MAX >> 4);
    uint32_t c = argc > 1 ? want_char(args[1]) : ' ';
    value s = string_new(length);
    fill(string_of(s), 0, length, c);
    return s;
}

PRIMITIVE(p_string)
{
    value s = string_new((size_t)argc);
    for (int i = 0; i < argc; i++)
        string_of(s)->chars[i] = want_char(args[i]);
    return s;
}

SIMPLE(p_string_length, fixnum((intptr_t)want_string(args[0])->length))

static uint32_t *element(value *args)
{
    struct string *s = want_string(args[0]);
    if (s->length == 0)
        fail("%s: the string is empty", vm.primitive->name);
    return &s->chars[want_index(args[1], 0, s->length - 1)];
}

SIMPLE(p_string_ref, character(*element(args)))

PRIMITIVE(p_string_set)
{
    *element(args) = want_char(args[2]);
    return UNSPECIFIED;
}

/* (substring string start [end]), (string-copy string [start [end]]) */
PRIMITIVE(p_substring)
{
    size_t start, end;
    const struct string *s = want_string(args[0]);
    want_range(argc, args, 1, s->length, &start, &end);
    return string_from(s->chars + start, end - start);
}

PRIMITIVE(p_string_append)
{
    size_t length = 0;
    for (int i = 0; i < argc; i++)
        length += want_string(args[i])->length;
    value result = string_new(length);
    uint32_t *to = string_of(result)->chars;
    for (int i = 0; i < argc; i++) {
        const struct string *s = string_of(args[i]);
        memcpy(to, s->chars, s->length * sizeof *to);
        to += s->length;
    }
    return result;
}

PRIMITIVE(p_string_fill)
{
    size_t start, end;
    struct string *s = want_string(args[0]);
    want_range(argc, args, 2, s->length, &start, &end);
    fill(s, start, end, want_char(args[1]));
    return UNSPECIFIED;
}

PRIMITIVE(p_string_to_list)
{
    size_t start, end;
    const struct string *s = want_string(args[0]);
    value list = NIL;
    want_range(argc, args, 1, s->length, &start, &end);
    while (end-- > start)
        list = cons(character(s->chars[end]), list);
    return list;
}

PRIMITIVE(p_list_to_string)
{
    struct text text = {0};
    value list = args[0];
    for (; is_pair(list); list = cdr(list))
        text_add(&text, want_char(car(list)));
    if (list != NIL)
        fail_type("a list of characters", args[0]);
    return string_from(text.chars, text.length);
}

static value map_chars(value string, wint_t (*convert)(wint_t))
{
    const struct string *s = want_string(string);
    value result = string_new(s->length);
    for (size_t i = 0; i < s->length; i++)
        string_of(result)->chars[i] = convert(s->chars[i]);
    return result;
}

SIMPLE(p_string_upcase, map_chars(args[0], towupper))
SIMPLE(p_string_downcase, map_chars(args[0], towlower))

/* (string-index string char [start [end]]): where the character is first, or #f. */
PRIMITIVE(p_string_index)
{
    size_t start, end;
    const struct string *s = want_string(args[0]);
    uint32_t c = want_char(args[1]);
    want_range(argc, args, 2, s->length, &start, &end);
    for (size_t i = start; i < end; i++) {
        if (s->chars[i] == c)
            return fixnum((intptr_t)i);
    }
    return FALSE;
}

/* (string-search pattern string): where the pattern is first, or #f. */
PRIMITIVE(p_string_search)
{
    const struct string *pattern = want_string(args[0]), *s = want_string(args[1]);
    for (size_t i = 0; i + pattern->length <= s->length; i++) {
        if (!memcmp(s->chars + i, pattern->chars, pattern->length * sizeof *s->chars))
            return fixnum((intptr_t)i);
    }
    return FALSE;
}

static const struct definition definitions[] = {
    {"char?", p_is_char, 1, 1},
    {"char-alphabetic?", p_is_alphabetic, 1, 1},
    {"char-numeric?", p_is_numeric, 1, 1},
    {"char-whitespace?", p_is_whitespace, 1, 1},
    {"char-upper-case?", p_is_upper_case, 1, 1},
    {"char-lower-case?", p_is_lower_case, 1, 1},
    {"char-upcase", p_char_upcase, 1, 1},
    {"char-downcase", p_char_downcase, 1, 1},
    {"char->integer", p_char_to_integer, 1, 1},
    {"integer->char", p_integer_to_char, 1, 1},
    {"char=?", p_char_equal, 2, MANY},
    {"char<?", p_char_less, 2, MANY},
    {"char>?", p_char_greater, 2, MANY},
    {"char<=?", p_char_less_equal, 2, MANY},
    {"char>=?", p_char_greater_equal, 2, MANY},
    {"string=?", p_string_equal, 2, MANY},
    {"string<?", p_string_less, 2, MANY},
    {"string>?", p_string_greater, 2, MANY},
    {"string<=?", p_string_less_equal, 2, MANY},
    {"string>=?", p_string_greater_equal, 2, MANY},
    {"string?", p_is_string, 1, 1},
    {"make-string", p_make_string, 1, 2},
    {"string", p_string, 0, MANY},
    {"string-length", p_string_length, 1, 1},
    {"string-ref", p_string_ref, 2, 2},
    {"string-set!", p_string_set, 3, 3},
    {"substring", p_substring, 2, 3},
    {"string-copy", p_substring, 1, 3},
    {"string-append", p_string_append, 0, MANY},
    {"string-fill!", p_string_fill, 2, 4},
    {"string->list", p_string_to_list, 1, 3},
    {"list->string", p_list_to_string, 1, 1},
    {"string-upcase", p_string_upcase, 1, 1},
    {"string-downcase", p_string_downcase, 1, 1},
    {"string-index", p_string_index, 2, 4},
    {"string-search", p_string_search, 2, 2},
};

void define_strings(void)
{
    DEFINE_PRIMITIVES(definitions);
}
