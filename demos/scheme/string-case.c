/* Strings' cases and their comparison. */
#include "primitive.h"
#include "unicode.h"

static struct string *want_string(value v)
{
    return string_of(want(v, TYPE_STRING));
}

/* ---- Cases ----------------------------------------------------------------------- */

static const struct expansion *find(const struct expansion *expansions, uint32_t c)
{
    for (const struct expansion *e = expansions; e->from && e->from <= c; e++) {
        if (e->from == c)
            return e;
    }
    return NULL;
}

/* Converts each character, by the expansions if it is among them. */
static value convert(const struct string *s, uint32_t (*simple)(uint32_t),
                     const struct expansion *expansions)
{
    struct text text = {0};
    for (size_t i = 0; i < s->length; i++) {
        const struct expansion *e =
            s->chars[i] < 0x80 ? NULL : find(expansions, s->chars[i]);
        if (!e)
            text_add(&text, simple(s->chars[i]));
        for (int j = 0; e && j < 3 && e->to[j]; j++)
            text_add(&text, e->to[j]);
    }
    return string_from(text.chars, text.length);
}

SIMPLE(p_upcase, convert(want_string(args[0]), char_upper, full_upper))
SIMPLE(p_foldcase, convert(want_string(args[0]), char_fold, full_fold))

#define CAPITAL_I_DOTTED 0x130
#define DOT_ABOVE 0x307
#define CAPITAL_SIGMA 0x3A3
#define SIGMA 0x3C3
#define FINAL_SIGMA 0x3C2

static bool is_letter_at(const struct string *s, size_t i)
{
    return i < s->length && char_is_alphabetic(s->chars[i]);
}

/* At the end of a word the small sigma has a form of its own; and the only capital of which the small letter is
 * two characters is the dotted I. */
PRIMITIVE(p_downcase)
{
    const struct string *s = want_string(args[0]);
    struct text text = {0};
    for (size_t i = 0; i < s->length; i++) {
        bool final = i > 0 && is_letter_at(s, i - 1) && !is_letter_at(s, i + 1);
        uint32_t c = s->chars[i];
        text_add(&text, c != CAPITAL_SIGMA ? char_lower(c) : final ? FINAL_SIGMA : SIGMA);
        if (c == CAPITAL_I_DOTTED)
            text_add(&text, DOT_ABOVE);
    }
    return string_from(text.chars, text.length);
}

/* ---- Comparison ------------------------------------------------------------------ */

static int compare(value x, value y)
{
    const struct string *a = want_string(x), *b = want_string(y);
    size_t shorter = a->length < b->length ? a->length : b->length;
    for (size_t i = 0; i < shorter; i++) {
        if (a->chars[i] != b->chars[i])
            return a->chars[i] < b->chars[i] ? -1 : 1;
    }
    return (a->length > b->length) - (a->length < b->length);
}

static int compare_folded(value a, value b)
{
    return compare(convert(want_string(a), char_fold, full_fold),
                   convert(want_string(b), char_fold, full_fold));
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
    {"string-upcase", p_upcase, 1, 1},
    {"string-downcase", p_downcase, 1, 1},
    {"string-foldcase", p_foldcase, 1, 1},
    {"string=?", p_equal, 1, MANY},
    {"string<?", p_less, 1, MANY},
    {"string>?", p_greater, 1, MANY},
    {"string<=?", p_less_equal, 1, MANY},
    {"string>=?", p_greater_equal, 1, MANY},
    {"string-ci=?", p_ci_equal, 1, MANY},
    {"string-ci<?", p_ci_less, 1, MANY},
    {"string-ci>?", p_ci_greater, 1, MANY},
    {"string-ci<=?", p_ci_less_equal, 1, MANY},
    {"string-ci>=?", p_ci_greater_equal, 1, MANY},
};

void define_string_cases(void)
{
    DEFINE_PRIMITIVES(definitions);
}
