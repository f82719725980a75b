/* The reader: from characters to data, with the position of each list. */
#include "number.h"

#include <string.h>

/* What read_item returns for things that are not data. */
#define CLOSE CONSTANT(16)
#define DOT CONSTANT(17)

struct reader {
    struct port *port;
    const char *file;
    struct table *positions;
};

static value read_item(struct reader *r);

static _Noreturn void fail_here(struct reader *r, const char *what)
{
    fail_at(r->file, r->port->line, r->port->column, "%s", what);
}

static int32_t peek(struct reader *r)
{
    return port_peek(r->port);
}

static int32_t next(struct reader *r)
{
    return port_next(r->port);
}

static bool is_space(int32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_delimiter(int32_t c)
{
    return c < 0 || is_space(c) || c == '(' || c == ')' || c == '"' || c == ';' ||
           c == '\'';
}

static void skip_line(struct reader *r)
{
    while (peek(r) >= 0 && peek(r) != '\n')
        next(r);
}

/* A block comment, after its first "#|"; they nest. */
static void skip_block(struct reader *r)
{
    for (int depth = 1; depth > 0;) {
        int32_t c = next(r);
        if (c < 0)
            fail_here(r, "a block comment is not closed");
        if (c == '|' && peek(r) == '#') {
            next(r);
            depth--;
        } else if (c == '#' && peek(r) == '|') {
            next(r);
            depth++;
        }
    }
}

static value read_required(struct reader *r)
{
    value v = read_item(r);
    if (v == END_OF_FILE)
        fail_here(r, "unexpected end of file");
    if (v == CLOSE || v == DOT)
        fail_here(r, v == DOT ? "unexpected ." : "unexpected )");
    return v;
}

/* ---- Lists ----------------------------------------------------------------------- */

/* The rest of a list after its opening parenthesis, which was at this position. */
static value read_list(struct reader *r, int line, int column)
{
    value list = NIL, last = NIL;
    for (;;) {
        value item = read_item(r);
        if (item == CLOSE)
            return list;
        if (item == END_OF_FILE)
            fail_at(r->file, line, column, "this list is not closed");
        if (item == DOT) {
            if (list == NIL)
                fail_here(r, "unexpected .");
            pair_of(last)->cdr = read_required(r);
            if (read_item(r) != CLOSE)
                fail_here(r, "expected ) after the datum that follows a dot");
            return list;
        }
        value cell = cons(item, NIL);
        if (list == NIL) {
            list = cell;
            if (r->positions)
                table_put(r->positions, list, position_pack(line, column));
        } else {
            pair_of(last)->cdr = cell;
        }
        last = cell;
    }
}

static value read_vector(struct reader *r, int line, int column)
{
    value list = read_list(r, line, column);
    intptr_t length = list_length(list);
    if (length < 0)
        fail_here(r, "a dot in a vector");
    value v = vector_new((size_t)length, FALSE);
    for (size_t i = 0; is_pair(list); list = cdr(list))
        vector_of(v)->items[i++] = car(list);
    return v;
}

static value read_quotation(struct reader *r, const char *name)
{
    int line = r->port->line, column = r->port->column - 1;
    value list = cons(symbol(name), cons(read_required(r), NIL));
    if (r->positions)
        table_put(r->positions, list, position_pack(line, column));
    return list;
}

/* ---- Strings, characters, symbols and numbers ------------------------------------ */

/* Hexadecimal digits of a code point, up to `;`, which is passed. */
static uint32_t read_hex_escape(struct reader *r)
{
    struct text text = {0};
    while (peek(r) != ';' && !is_delimiter(peek(r)))
        text_add(&text, (uint32_t)next(r));
    value v = number_parse(text.chars, text.length, 16);
    if (next(r) != ';' || !is_fixnum(v) || fixnum_of(v) < 0 || fixnum_of(v) > 0x10FFFF)
        fail_here(r, "bad \\x escape");
    return (uint32_t)fixnum_of(v);
}

/* A backslash before the end of a line joins it with the next, without its indent. */
static void skip_line_join(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t')
        next(r);
    if (next(r) != '\n')
        fail_here(r, "bad escape");
    while (peek(r) == ' ' || peek(r) == '\t')
        next(r);
}

static void read_escape(struct reader *r, struct text *text)
{
    static const char letters[] = "ntrab0\\\"|", meanings[] = "\n\t\r\a\b\0\\\"|";
    int32_t c = peek(r);
    const char *letter = c > 0 && c < 0x80 ? strchr(letters, c) : NULL;
    if (letter) {
        next(r);
        text_add(text, (unsigned char)meanings[letter - letters]);
    } else if (c == 'x') {
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
            fail_at(r->file, line, column, "this text is not closed");
        if (c == quote)
            return string_from(text.chars, text.length);
        if (c == '\\')
            read_escape(r, &text);
        else
            text_add(&text, (uint32_t)c);
    }
}

static void read_token(struct reader *r, struct text *text)
{
    while (!is_delimiter(peek(r)))
        text_add(text, (uint32_t)next(r));
}

static bool text_is(const struct text *text, const char *name)
{
    size_t i = 0;
    while (i < text->length && name[i] && text->chars[i] == (unsigned char)name[i])
        i++;
    return i == text->length && !name[i];
}

static value read_char(struct reader *r)
{
    struct text text = {0};
    if (peek(r) < 0)
        fail_here(r, "unexpected end of file");
    text_add(&text, (uint32_t)next(r));
    read_token(r, &text);
    if (text.length == 1)
        return character(text.chars[0]);
    for (const struct char_name *n = char_names; n->name; n++) {
        if (text_is(&text, n->name))
            return character(n->c);
    }
    value v = number_parse(text.chars + 1, text.length - 1, 16);
    if (text.chars[0] != 'x' || !is_fixnum(v) || fixnum_of(v) < 0 ||
        fixnum_of(v) > 0x10FFFF)
        fail_here(r, "unknown character name");
    return character((uint32_t)fixnum_of(v));
}

static value read_atom(struct reader *r)
{
    struct text text = {0};
    read_token(r, &text);
    if (text_is(&text, "."))
        return DOT;
    value number = number_parse(text.chars, text.length, 10);
    return number != FALSE ? number : intern(string_from(text.chars, text.length));
}

/* What follows a # that begins neither a comment, a vector nor a character. */
static value read_hash_atom(struct reader *r)
{
    struct text text = {0};
    read_token(r, &text);
    if (text_is(&text, "t") || text_is(&text, "true"))
        return TRUE;
    if (text_is(&text, "f") || text_is(&text, "false"))
        return FALSE;
    if (text.length > 1) {
        uint32_t c = text.chars[0];
        int radix = c == 'x' ? 16 : c == 'b' ? 2 : c == 'o' ? 8 : c == 'd' ? 10 : 0;
        value v = radix ? number_parse(text.chars + 1, text.length - 1, radix) : FALSE;
        if (v != FALSE)
            return v;
    }
    fail_here(r, "unknown syntax after #");
}

/* ---- Data ------------------------------------------------------------------------ */

/* What follows a #.  Returns NULL after a comment. */
static value read_hash(struct reader *r)
{
    int line = r->port->line, column = r->port->column - 1;
    switch (peek(r)) {
    case '|':
        next(r);
        skip_block(r);
        return NULL;
    case '!':
        skip_line(r);
        return NULL;
    case ';':
        next(r);
        read_required(r);
        return NULL;
    case '(':
        next(r);
        return read_vector(r, line, column);
    case '\\':
        next(r);
        return read_char(r);
    default:
        return read_hash_atom(r);
    }
}

static value read_unquotation(struct reader *r)
{
    if (peek(r) != '@')
        return read_quotation(r, "unquote");
    next(r);
    return read_quotation(r, "unquote-splicing");
}

/* An item that begins with the character c, which has been passed. */
static value read_after(struct reader *r, int32_t c)
{
    switch (c) {
    case '(':
        return read_list(r, r->port->line, r->port->column - 1);
    case ')':
        return CLOSE;
    case '\'':
        return read_quotation(r, "quote");
    case '`':
        return read_quotation(r, "quasiquote");
    case ',':
        return read_unquotation(r);
    case '"':
        return read_quoted(r, '"');
    case '|':
        return intern(read_quoted(r, '|'));
    default:
        return read_hash(r);
    }
}

/* A datum, CLOSE, DOT or END_OF_FILE. */
static value read_item(struct reader *r)
{
    check_depth();
    for (;;) {
        int32_t c = peek(r);
        if (c < 0)
            return END_OF_FILE;
        if (is_space(c)) {
            next(r);
        } else if (c == ';') {
            skip_line(r);
        } else if (c > 0 && c < 0x80 && strchr("()'`,\"|#", c)) {
            next(r);
            value v = read_after(r, c);
            if (v)
                return v;
        } else {
            return read_atom(r);
        }
    }
}

value read_datum(struct port *port, const char *file, struct table *positions)
{
    struct reader r = {port, file, positions};
    value v = read_item(&r);
    if (v == CLOSE || v == DOT)
        fail_at(file, port->line, port->column - 1,
                v == DOT ? "unexpected ." : "unexpected )");
    return v;
}
