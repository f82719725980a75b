/* Strings. */
#include "primitive.h"

#include <string.h>

static struct string *want_string(value v)
{
    return string_of(want(v, TYPE_STRING));
}

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

/* (string-copy! to at from [start [end]]) */
PRIMITIVE(p_string_copy_to)
{
    size_t start, end;
    struct string *to = want_string(args[0]), *from = want_string(args[2]);
    want_range(argc, args, 3, from->length, &start, &end);
    size_t at = want_place(args[1], to->length, end - start);
    memmove(to->chars + at, from->chars + start, (end - start) * sizeof *to->chars);
    return UNSPECIFIED;
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
    {"string?", p_is_string, 1, 1},
    {"make-string", p_make_string, 1, 2},
    {"string", p_string, 0, MANY},
    {"string-length", p_string_length, 1, 1},
    {"string-ref", p_string_ref, 2, 2},
    {"string-set!", p_string_set, 3, 3},
    {"substring", p_substring, 2, 3},
    {"string-copy", p_substring, 1, 3},
    {"string-append", p_string_append, 0, MANY},
    {"string-copy!", p_string_copy_to, 3, 5},
    {"string-fill!", p_string_fill, 2, 4},
    {"string->list", p_string_to_list, 1, 3},
    {"list->string", p_list_to_string, 1, 1},
    {"string-index", p_string_index, 2, 4},
    {"string-search", p_string_search, 2, 2},
};

void define_strings(void)
{
    DEFINE_PRIMITIVES(definitions);
}
