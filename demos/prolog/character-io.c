/* Built-in predicates that read and write characters and bytes. */
#include "prolog.h"

static struct stream *want_input(term t, bool binary)
{
    struct stream *s = want_stream(t, true);
    if (s->binary != binary)
        permission_error("input", s->binary ? "binary_stream" : "text_stream", deref(t));
    if (s->past_end && s->eof_action == 'e')
        permission_error("input", "past_end_of_stream", deref(t));
    if (s == standard_input)
        fflush(stdout);
    return s;
}

struct stream *want_text_input(term t)
{
    return want_input(t, false);
}

static int get_from(term stream, bool binary)
{
    struct stream *s = want_input(stream, binary);
    int c = stream_get(s);
    s->past_end = c == EOF;
    return c;
}

static term character_term(int c)
{
    char bytes[5];
    if (c == EOF)
        return atom(atoms.end_of_file);
    return atom(atom_of_bytes(bytes, (size_t)(utf8_encode(c, bytes) - bytes)));
}

static bool builtin_get_char(term *a)
{
    return unify(a[1], character_term(get_from(a[0], false)));
}

static bool builtin_peek_char(term *a)
{
    return unify(a[1], character_term(stream_peek(want_input(a[0], false))));
}

static bool builtin_get_code(term *a)
{
    return unify(a[1], integer(get_from(a[0], false)));
}

static bool builtin_peek_code(term *a)
{
    return unify(a[1], integer(stream_peek(want_input(a[0], false))));
}

static bool builtin_get_byte(term *a)
{
    return unify(a[1], integer(get_from(a[0], true)));
}

static bool builtin_peek_byte(term *a)
{
    return unify(a[1], integer(stream_peek(want_input(a[0], true))));
}

static bool put_to(term stream, int64_t c, bool binary)
{
    struct stream *s = want_stream(stream, false);
    if (s->binary != binary)
        permission_error("output", s->binary ? "binary_stream" : "text_stream",
                         deref(stream));
    stream_put(s, (int)c);
    return true;
}

/* $put_code(Stream, Code) and $put_byte: of a code that was checked */
static bool builtin_put_code(term *a)
{
    return put_to(a[0], want_integer(a[1]), false);
}

static bool builtin_put_byte(term *a)
{
    return put_to(a[0], want_integer(a[1]), true);
}

void define_character_io(void)
{
    define("$get_char", 2, builtin_get_char);
    define("$peek_char", 2, builtin_peek_char);
    define("$get_code", 2, builtin_get_code);
    define("$peek_code", 2, builtin_peek_code);
    define("$get_byte", 2, builtin_get_byte);
    define("$peek_byte", 2, builtin_peek_byte);
    define("$put_code", 2, builtin_put_code);
    define("$put_byte", 2, builtin_put_byte);
}
