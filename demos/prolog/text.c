/* Built-in predicates for text: atoms, strings, characters, numbers as text. */
#include "machine.h"

#include <ctype.h>
#include <string.h>

/* ---- Terms as text ----------------------------------------------------------------- */

struct buffer {
    char *bytes;
    size_t length, capacity;
};

/* Makes room for so much more, and a NUL. */
static void buffer_reserve(struct buffer *b, size_t more)
{
    if (b->length + more < b->capacity)
        return;
    b->capacity = 2 * (b->length + more) + 32;
    char *bytes = allocate_atomic(b->capacity);
    if (b->length > 0)
        memcpy(bytes, b->bytes, b->length);
    b->bytes = bytes;
}

static void buffer_append(struct buffer *b, struct buffer text)
{
    buffer_reserve(b, text.length);
    memcpy(b->bytes + b->length, text.bytes, text.length);
    b->length += text.length;
    b->bytes[b->length] = '\0';
}

static void buffer_add(struct buffer *b, int c)
{
    buffer_reserve(b, 4);
    b->length = (size_t)(utf8_encode(c, b->bytes + b->length) - b->bytes);
    b->bytes[b->length] = '\0';
}

/* The character that an atom is; -1: it is none. */
static int character_of(term t)
{
    if (tag_of(t) != ATOM || atom_at(t)->length == 0)
        return -1;
    const char *p = atom_at(t)->text;
    int c = utf8_decode(&p);
    return p == atom_at(t)->text + atom_at(t)->length ? c : -1;
}

static bool is_code(term t)
{
    return tag_of(t) == INTEGER && integer_of(t) >= 0 && integer_of(t) <= 0x10FFFF;
}

/* Of a list of codes, or of characters. */
static struct buffer text_of_list(term list, bool codes)
{
    size_t count;
    struct buffer b = {0};
    term *items = list_items(list, &count);
    buffer_append(&b, (struct buffer){"", 0, 0});
    for (size_t i = 0; i < count; i++) {
        if (tag_of(items[i]) == REFERENCE)
            instantiation_error();
        int c = codes && is_code(items[i]) ? (int)integer_of(items[i])
                : codes                    ? -1
                                           : character_of(items[i]);
        if (c < 0 && codes)
            representation_error("character_code");
        if (c < 0)
            type_error("character", items[i]);
        buffer_add(&b, c);
    }
    return b;
}

/* The text of an atomic term; `type` is what it should have been. */
static struct buffer text_of(term t, const char *type)
{
    t = want_bound(t);
    if (tag_of(t) == ATOM)
        return (struct buffer){atom_at(t)->text, atom_at(t)->length, 0};
    if (is_box(t, STRING))
        return (struct buffer){string_at(t)->text, string_at(t)->length, 0};
    if (!is_number(t))
        type_error(type, t);
    char *text = number_text(t);
    return (struct buffer){text, strlen(text), 0};
}

/* Also of a list of characters or codes. */
static struct buffer text_of_any(term t)
{
    t = deref(t);
    if (tag_of(t) == LIST)
        return text_of_list(t, tag_of(argument(t, 0)) == INTEGER);
    return text_of(t, "atomic");
}

static term atom_of_buffer(struct buffer b)
{
    return atom(atom_of_bytes(b.bytes, b.length));
}

static size_t count_characters(struct buffer b)
{
    size_t count = 0;
    for (size_t i = 0; i < b.length; i++)
        count += (b.bytes[i] & 0xC0) != 0x80;
    return count;
}

static term list_of_text(struct buffer b, bool codes)
{
    term *items = allocate((b.length + 1) * sizeof(term));
    size_t count = 0;
    for (const char *p = b.bytes, *end = p + b.length; p < end;) {
        const char *start = p;
        int c = utf8_decode(&p);
        items[count++] =
            codes ? integer(c) : atom(atom_of_bytes(start, (size_t)(p - start)));
    }
    return list_of(items, count, atom(atoms.nil));
}

/* ---- Atoms ------------------------------------------------------------------------- */

static bool is_unbound(term t)
{
    return tag_of(deref(t)) == REFERENCE;
}

static bool atom_and_list(term *a, bool codes)
{
    if (!is_unbound(a[0]))
        return unify(a[1], list_of_text(text_of(a[0], "atom"), codes));
    return unify(a[0], atom_of_buffer(text_of_list(a[1], codes)));
}

static bool builtin_atom_codes(term *a)
{
    return atom_and_list(a, true);
}

static bool builtin_atom_chars(term *a)
{
    return atom_and_list(a, false);
}

static bool number_and_list(term *a, bool codes)
{
    term list = deref(a[1]), n = deref(a[0]);
    if (tag_of(n) != REFERENCE && !is_number(n))
        type_error("number", n);
    if (tag_of(n) == REFERENCE || (tag_of(list) == LIST && is_ground(list))) {
        struct buffer b = text_of_list(list, codes);
        term number = text_to_number(b.bytes, b.length);
        if (!number)
            syntax_error("illegal_number");
        return unify(n, number);
    }
    return unify(list, list_of_text(text_of(n, "number"), codes));
}

static bool builtin_number_codes(term *a)
{
    return number_and_list(a, true);
}

static bool builtin_number_chars(term *a)
{
    return number_and_list(a, false);
}

static bool builtin_atom_number(term *a)
{
    if (is_unbound(a[0])) {
        if (!is_number(want_bound(a[1])))
            type_error("number", deref(a[1]));
        return unify(a[0], atom_of_buffer(text_of(a[1], "number")));
    }
    struct buffer b = text_of(a[0], "atom");
    term number = text_to_number(b.bytes, b.length);
    return number && unify(a[1], number);
}

static bool builtin_char_code(term *a)
{
    term code = deref(a[1]);
    if (tag_of(code) != REFERENCE)
        want_integer(code);
    if (!is_unbound(a[0])) {
        int c = character_of(deref(a[0]));
        if (c < 0)
            type_error("character", deref(a[0]));
        return unify(code, integer(c));
    }
    struct buffer b = {0};
    if (!is_code(want_bound(code)))
        representation_error("character_code");
    buffer_add(&b, (int)integer_of(code));
    return unify(a[0], atom_of_buffer(b));
}

/* $text_length(Text, Length) */
static bool builtin_text_length(term *a)
{
    struct buffer b = text_of(a[0], "atom");
    term length = deref(a[1]);
    if (tag_of(length) != REFERENCE && want_integer(length) < 0)
        domain_error("not_less_than_zero", length);
    return unify(length, integer((int64_t)count_characters(b)));
}

static bool builtin_atom_length(term *a)
{
    if (is_number(deref(a[0])))
        type_error("atom", deref(a[0]));
    return builtin_text_length(a);
}

/* ---- Parts ------------------------------------------------------------------------- */

/* $concat(A, B, AB) */
static bool builtin_concat(term *a)
{
    struct buffer both = {0};
    buffer_append(&both, text_of_any(a[0]));
    buffer_append(&both, text_of_any(a[1]));
    return unify(a[2], atom_of_buffer(both));
}

/* $join(List, Separator, Atom) */
static bool builtin_join(term *a)
{
    size_t count;
    term *items = list_items(a[0], &count);
    struct buffer separator = text_of_any(a[1]), all = {0};
    buffer_append(&all, (struct buffer){"", 0, 0});
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append(&all, separator);
        buffer_append(&all, text_of_any(items[i]));
    }
    return unify(a[2], atom_of_buffer(all));
}

/* $split(Text, Separator, List): of a separator that is not empty */
static bool builtin_split(term *a)
{
    struct buffer b = text_of_any(a[0]), separator = text_of_any(a[1]);
    term list = cons(0, atom(atoms.nil)), last = list;
    const char *from = b.bytes, *end = b.bytes + b.length;
    for (;;) {
        const char *found =
            memmem(from, (size_t)(end - from), separator.bytes, separator.length);
        const char *to = found ? found : end;
        arguments(last)[0] = atom(atom_of_bytes(from, (size_t)(to - from)));
        if (!found)
            return unify(a[2], list);
        last = arguments(last)[1] = cons(0, atom(atoms.nil));
        from = found + separator.length;
    }
}

static const char *character_at(const char *text, int64_t index)
{
    while (index-- > 0)
        utf8_decode(&text);
    return text;
}

/* $sub_text(Atom, Before, Length, Sub): of numbers that are known, and fit */
static bool builtin_sub_text(term *a)
{
    struct buffer b = text_of(a[0], "atom");
    const char *start = character_at(b.bytes, want_integer(a[1]));
    const char *end = character_at(start, want_integer(a[2]));
    return unify(a[3], atom(atom_of_bytes(start, (size_t)(end - start))));
}

/* $find_text(Atom, Sub, From, Before): the next occurrence from there on */
static bool builtin_find_text(term *a)
{
    struct buffer b = text_of(a[0], "atom"), sub = text_of(a[1], "atom");
    const char *start = character_at(b.bytes, want_integer(a[2]));
    const char *end = b.bytes + b.length;
    const char *found =
        start <= end ? memmem(start, (size_t)(end - start), sub.bytes, sub.length) : NULL;
    struct buffer before = {b.bytes, found ? (size_t)(found - b.bytes) : 0, 0};
    return found && unify(a[3], integer((int64_t)count_characters(before)));
}

static bool change_case(term *a, int (*change)(int))
{
    struct buffer b = text_of_any(a[0]),
                  out = {allocate_atomic(b.length + 1), b.length, 0};
    for (size_t i = 0; i < b.length; i++)
        out.bytes[i] =
            (char)((unsigned char)b.bytes[i] < 128 ? change(b.bytes[i]) : b.bytes[i]);
    return unify(a[1], atom_of_buffer(out));
}

static bool builtin_upcase_atom(term *a)
{
    return change_case(a, toupper);
}

static bool builtin_downcase_atom(term *a)
{
    return change_case(a, tolower);
}

/* ---- Strings ----------------------------------------------------------------------- */

static bool builtin_is_string(term *a)
{
    return is_box(deref(a[0]), STRING);
}

/* $string(Text, String) */
static bool builtin_string(term *a)
{
    struct buffer b = text_of_any(a[0]);
    return unify(a[1], string_of_bytes(b.bytes, b.length));
}

/* $atom(Text, Atom) */
static bool builtin_atom(term *a)
{
    return unify(a[1], atom_of_buffer(text_of_any(a[0])));
}

/* ---- Characters -------------------------------------------------------------------- */

/* $char_type(Code, Type) */
static bool builtin_char_type(term *a)
{
    static const struct {
        const char *name;
        int (*is)(int);
    } types[] = {{"alpha", isalpha}, {"alnum", isalnum}, {"digit", isdigit},
                 {"space", isspace}, {"white", isblank}, {"upper", isupper},
                 {"lower", islower}, {"punct", ispunct}, {"graph", isgraph}};
    int64_t c = want_integer(a[0]);
    const char *name = want_atom(a[1])->text;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!strcmp(types[i].name, name))
            return c >= 0 && c < 128 && types[i].is((int)c);
    }
    bool first = c >= 0 && c < 128 && (isalpha((int)c) || c == '_');
    bool digit = c >= '0' && c <= '9';
    return !strcmp(name, "csym") ? first || digit : !strcmp(name, "csymf") && first;
}

static const struct builtin_entry {
    const char *name;
    size_t arity;
    builtin *function;
} builtins[] = {
    {"atom_codes", 2, builtin_atom_codes},
    {"atom_chars", 2, builtin_atom_chars},
    {"number_codes", 2, builtin_number_codes},
    {"number_chars", 2, builtin_number_chars},
    {"atom_number", 2, builtin_atom_number},
    {"char_code", 2, builtin_char_code},
    {"atom_length", 2, builtin_atom_length},
    {"$text_length", 2, builtin_text_length},
    {"$concat", 3, builtin_concat},
    {"$join", 3, builtin_join},
    {"$split", 3, builtin_split},
    {"$sub_text", 4, builtin_sub_text},
    {"$find_text", 4, builtin_find_text},
    {"upcase_atom", 2, builtin_upcase_atom},
    {"downcase_atom", 2, builtin_downcase_atom},
    {"string", 1, builtin_is_string},
    {"$string", 2, builtin_string},
    {"$atom", 2, builtin_atom},
    {"$char_type", 2, builtin_char_type},
};

void define_text(void)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        define(builtins[i].name, builtins[i].arity, builtins[i].function);
}
