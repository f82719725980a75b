/* Built-in predicates for text: atoms, characters, numbers as text, reading and writing terms. */
#include "machine.h"

#include <ctype.h>
#include <string.h>

/* ---- Terms as text ----------------------------------------------------------------- */

struct buffer {
    char *bytes;
    size_t length, capacity;
};

static void buffer_add(struct buffer *b, int c)
{
    if (b->length + 5 > b->capacity) {
        b->capacity = b->capacity ? 2 * b->capacity : 32;
        char *bytes = allocate_atomic(b->capacity);
        if (b->length > 0)
            memcpy(bytes, b->bytes, b->length);
        b->bytes = bytes;
    }
    b->length = (size_t)(utf8_encode(c, b->bytes + b->length) - b->bytes);
    b->bytes[b->length] = '\0';
}

/* The character that an item of a list is, by its code or as an atom; -1: it is none. */
static int character_of(term t)
{
    if (tag_of(t) == INTEGER)
        return integer_of(t) >= 0 && integer_of(t) <= 0x10FFFF ? (int)integer_of(t) : -1;
    if (tag_of(t) != ATOM || atom_at(t)->length == 0)
        return -1;
    const char *p = atom_at(t)->text;
    int c = utf8_decode(&p);
    return p == atom_at(t)->text + atom_at(t)->length ? c : -1;
}

static struct buffer text_of_list(term list, const char *item_type)
{
    size_t count;
    struct buffer b = {0};
    term *items = list_items(list, &count);
    buffer_add(&b, 0);
    b.length = 0;
    b.bytes[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (tag_of(items[i]) == REFERENCE)
            instantiation_error();
        int c = character_of(items[i]);
        if (c < 0 && tag_of(items[i]) == INTEGER)
            representation_error("character_code");
        if (c < 0)
            type_error(item_type, items[i]);
        buffer_add(&b, c);
    }
    return b;
}

/* The text of an atomic term. */
static struct buffer text_of(term t)
{
    t = deref(t);
    if (tag_of(t) == REFERENCE)
        instantiation_error();
    if (tag_of(t) == ATOM)
        return (struct buffer){atom_at(t)->text, atom_at(t)->length, 0};
    if (!is_number(t))
        type_error("atomic", t);
    char *text = number_text(t);
    return (struct buffer){text, strlen(text), 0};
}

/* Also of a list of characters or codes. */
static struct buffer text_of_any(term t)
{
    return tag_of(deref(t)) == LIST ? text_of_list(t, "character") : text_of(t);
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
        return unify(a[1], list_of_text(text_of_any(a[0]), codes));
    return unify(a[0], atom_of_buffer(text_of_list(a[1], "character")));
}

static bool builtin_atom_codes(term *a)
{
    return atom_and_list(a, true);
}

static bool builtin_atom_chars(term *a)
{
    return atom_and_list(a, false);
}

static term number_of_text(struct buffer b)
{
    term number = text_to_number(b.bytes);
    if (!number)
        syntax_error("illegal_number");
    return number;
}

static bool number_and_list(term *a, bool codes)
{
    term list = deref(a[1]), n = deref(a[0]);
    if (tag_of(n) != REFERENCE && !is_number(n))
        type_error("number", n);
    if (tag_of(n) == REFERENCE || (tag_of(list) == LIST && is_ground(list)))
        return unify(n, number_of_text(text_of_list(list, "character")));
    return unify(list, list_of_text(text_of(n), codes));
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
        if (!is_number(deref(a[1])))
            is_unbound(a[1]) ? instantiation_error() : type_error("number", deref(a[1]));
        return unify(a[0], atom_of_buffer(text_of(a[1])));
    }
    term number = text_to_number(text_of(a[0]).bytes);
    return number && unify(a[1], number);
}

static bool builtin_char_code(term *a)
{
    if (!is_unbound(a[0])) {
        int c = character_of(deref(a[0]));
        if (c < 0 || tag_of(deref(a[0])) != ATOM)
            type_error("character", deref(a[0]));
        return unify(a[1], integer(c));
    }
    int64_t code = want_integer(a[1]);
    struct buffer b = {0};
    if (code < 0 || code > 0x10FFFF)
        representation_error("character_code");
    buffer_add(&b, (int)code);
    return unify(a[0], atom_of_buffer(b));
}

static bool builtin_atom_length(term *a)
{
    struct buffer b = text_of(a[0]);
    term length = deref(a[1]);
    if (tag_of(length) != REFERENCE && want_integer(length) < 0)
        domain_error("not_less_than_zero", length);
    return unify(length, integer((int64_t)count_characters(b)));
}

/* $concat(A, B, AB) */
static bool builtin_concat(term *a)
{
    struct buffer one = text_of_any(a[0]), two = text_of_any(a[1]);
    char *both = allocate_atomic(one.length + two.length + 1);
    memcpy(both, one.bytes, one.length);
    memcpy(both + one.length, two.bytes, two.length);
    return unify(a[2], atom(atom_of_bytes(both, one.length + two.length)));
}

static const char *character_at(struct buffer b, int64_t index)
{
    const char *p = b.bytes;
    while (index-- > 0)
        utf8_decode(&p);
    return p;
}

/* $sub_text(Atom, Before, Length, Sub): of numbers that are known, and fit */
static bool builtin_sub_text(term *a)
{
    struct buffer b = text_of(a[0]);
    const char *start = character_at(b, want_integer(a[1]));
    const char *end =
        character_at((struct buffer){(char *)(uintptr_t)start, 0, 0}, want_integer(a[2]));
    return unify(a[3], atom(atom_of_bytes(start, (size_t)(end - start))));
}

/* $find_text(Atom, Sub, From, Before): the next occurrence from there on */
static bool builtin_find_text(term *a)
{
    struct buffer b = text_of(a[0]), sub = text_of(a[1]);
    const char *start = character_at(b, want_integer(a[2])), *end = b.bytes + b.length;
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
    return !strcmp(name, "csym")
               ? c < 128 && (isalnum((int)c) || c == '_')
               : !strcmp(name, "csymf") && c < 128 && (isalpha((int)c) || c == '_');
}

/* ---- Reading and writing terms ------------------------------------------------------- */

/* $read(Stream, Term, [Name = Variable...], Singletons, Line) */
static bool builtin_read(term *a)
{
    struct stream *s = want_stream(a[0], true);
    struct reader reader = {.stream = s};
    term names = atom(atoms.nil), singletons = names;
    if (s->binary)
        permission_error("input", "binary_stream", deref(a[0]));
    if (s->past_end && s->eof_action == 'e')
        permission_error("input", "past_end_of_stream", deref(a[0]));
    term t = read_term(&reader);
    s->past_end = is_atom(t, atoms.end_of_file) && s->peeked == NOTHING;
    for (size_t i = reader.count; i > 0; i--) {
        const struct variable_name *n = &reader.names[i - 1];
        term pair = structure(atoms.equal, 2, (term[]){atom(n->name), n->variable});
        names = cons(pair, names);
        if (n->count == 1)
            singletons = cons(pair, singletons);
    }
    return unify(a[1], t) && unify(a[2], names) && unify(a[3], singletons) &&
           unify(a[4], integer(reader.line));
}

/* $write(Stream, Term, Flags, Priority) */
static bool builtin_write(term *a)
{
    struct stream *s = want_stream(a[0], false);
    if (s->binary)
        permission_error("output", "binary_stream", deref(a[0]));
    write_term(s, a[1], (int)want_integer(a[2]), (int)want_integer(a[3]));
    return true;
}

/* $line(Prompt, Line): what the user types; end_of_file at the end */
static bool builtin_line(term *a)
{
    char *line = line_read(want_atom(a[0])->text);
    if (vm.interrupted) {
        vm.interrupted = 0;
        throw_term(atom(atoms.interrupt));
    }
    return unify(a[1], line ? atom(atom_of(line)) : integer(-1));
}

/* $float_format(Directive, Digits, Number, Atom) */
static bool builtin_float_format(term *a)
{
    char format[] = "%.*f";
    int64_t digits = want_integer(a[1]);
    format[3] = (char)want_integer(a[0]);
    char *text = allocate_atomic(400 + (size_t)digits);
    int length =
        snprintf(text, 400 + (size_t)digits, format, (int)digits, real_of(deref(a[2])));
    return unify(a[3], atom(atom_of_bytes(text, (size_t)length)));
}

static bool builtin_key(term *a)
{
    return unify(a[0], integer(key_read()));
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
    {"$concat", 3, builtin_concat},
    {"$sub_text", 4, builtin_sub_text},
    {"$find_text", 4, builtin_find_text},
    {"upcase_atom", 2, builtin_upcase_atom},
    {"downcase_atom", 2, builtin_downcase_atom},
    {"$char_type", 2, builtin_char_type},
    {"$read", 5, builtin_read},
    {"$write", 4, builtin_write},
    {"$line", 2, builtin_line},
    {"$key", 1, builtin_key},
    {"$float_format", 4, builtin_float_format},
};

void define_text(void)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        define(builtins[i].name, builtins[i].arity, builtins[i].function);
}
