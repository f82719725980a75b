/* The reader's data without parts: numbers, symbols, strings, characters and booleans. */
#include "number.h"
#include "read.h"

#include <string.h>

static int32_t peek(struct reader *r)
{
    return port_peek(r->port);
}

static int32_t next(struct reader *r)
{
    return port_next(r->port);
}

/* ---- Tokens ---------------------------------------------------------------------- */

static bool is_delimiter(int32_t c)
{
    return c < 0 || char_is_space((uint32_t)c) ||
           (c > 0 && c < 0x80 && strchr("()\";|'", c));
}

struct text read_token(struct reader *r)
{
    struct text text = {0};
    while (!is_delimiter(peek(r))) {
        uint32_t c = (uint32_t)next(r);
        text_add(&text, r->port->fold_case ? char_fold(c) : c);
    }
    return text;
}

/* Regardless of case. */
bool text_is(const struct text *text, const char *name)
{
    size_t i = 0;
    while (i < text->length && name[i] &&
           char_fold(text->chars[i]) == (unsigned char)name[i])
        i++;
    return i == text->length && !name[i];
}

/* ---- Strings and |symbols| ------------------------------------------------------- */

static bool is_code_point(value v)
{
    return is_fixnum(v) && fixnum_of(v) >= 0 && fixnum_of(v) <= 0x10FFFF &&
           (fixnum_of(v) < 0xD800 || fixnum_of(v) > 0xDFFF);
}

/* Hexadecimal digits of a code point, up to `;`, which is passed. */
static uint32_t read_hex_escape(struct reader *r)
{
    struct text text = {0};
    while (peek(r) != ';' && !is_delimiter(peek(r)))
        text_add(&text, (uint32_t)next(r));
    value v = number_parse(text.chars, text.length, 16);
    if (next(r) != ';' || !is_code_point(v))
        fail_reading(r, "bad \\x escape");
    return (uint32_t)fixnum_of(v);
}

static void skip_blanks(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t')
        next(r);
}

/* A backslash before the end of a line joins it with the next, without its indent. */
static void skip_line_join(struct reader *r)
{
    skip_blanks(r);
    if (peek(r) == '\r')
        next(r);
    if (next(r) != '\n')
        fail_reading(r, "bad escape");
    skip_blanks(r);
}

static void read_escape(struct reader *r, struct text *text)
{
    static const char letters[] = "ntrab0\\\"|", meanings[] = "\n\t\r\a\b\0\\\"|";
    int32_t c = peek(r);
    const char *letter = c > 0 && c < 0x80 ? strchr(letters, c) : NULL;
    if (letter) {
        next(r);
        text_add(text, (unsigned char)meanings[letter - letters]);
    } else if (c == 'x' || c == 'X') {
        next(r);
        text_add(text, read_hex_escape(r));
    } else {
        skip_line_join(r);
    }
}

/* The rest of a string or of a |symbol|, up to its closing quote. */
static value read_quoted(struct reader *r, int32_t quote)
{
    int line = r->port->line, column = r->port->column - 1;
    struct text text = {0};
    for (;;) {
        int32_t c = next(r);
        if (c < 0)
            fail_reading_at(r, line, column, "this text is not closed");
        if (c == quote)
            return string_from(text.chars, text.length);
        if (c == '\\')
            read_escape(r, &text);
        else
            text_add(&text, (uint32_t)c);
    }
}

value read_string(struct reader *r)
{
    return read_quoted(r, '"');
}

value read_barred_symbol(struct reader *r)
{
    return intern(read_quoted(r, '|'));
}

/* ---- Other atoms ----------------------------------------------------------------- */

value read_character(struct reader *r)
{
    if (peek(r) < 0)
        fail_reading(r, "unexpected end of file");
    uint32_t first = (uint32_t)next(r);
    struct text rest = read_token(r), text = {0};
    if (rest.length == 0)
        return character(first);
    text_add(&text, first);
    for (size_t i = 0; i < rest.length; i++)
        text_add(&text, rest.chars[i]);
    for (const struct char_name *n = char_names; n->name; n++) {
        if (text_is(&text, n->name))
            return character(n->c);
    }
    value v = number_parse(rest.chars, rest.length, 16);
    if ((first != 'x' && first != 'X') || !is_code_point(v))
        fail_reading(r, "unknown character name");
    return character((uint32_t)fixnum_of(v));
}

value read_hash_atom(struct reader *r, struct text *text)
{
    struct text number = {0};
    if (text_is(text, "t") || text_is(text, "true"))
        return TRUE;
    if (text_is(text, "f") || text_is(text, "false"))
        return FALSE;
    text_add(&number, '#');
    for (size_t i = 0; i < text->length; i++)
        text_add(&number, text->chars[i]);
    value v = number_parse(number.chars, number.length, 10);
    if (v == FALSE)
        fail_reading(r, "unknown syntax after #");
    return v;
}

value read_atom(const struct text *text)
{
    value number = number_parse(text->chars, text->length, 10);
    return number != FALSE ? number : intern(string_from(text->chars, text->length));
}
