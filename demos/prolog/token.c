/* The reader's tokens: names, variables, numbers, quoted text, punctuation. */
#include "token.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void syntax_error(const char *what)
{
    throw_error(structure(atom_of("syntax_error"), 1, (term[]){atom(atom_of(what))}));
}

_Noreturn void fail_syntax(struct parser *p, const char *what)
{
    int c = ' ', before = ' ';
    if (p->token.kind != END && p->token.kind != END_OF_FILE) {
        do {
            before = c;
            c = stream_get(p->stream);
        } while (c != EOF && !(before == '.' && isspace(c)));
    }
    syntax_error(what);
}

/* ---- Characters -------------------------------------------------------------------- */

bool is_symbol_char(int c)
{
    return c > 0 && c < 128 && strchr("+-*/\\^<>=~:.?@#&$", c);
}

static bool is_word_char(int c)
{
    return c == '_' || (c > 0 && c < 128 ? isalnum(c) : c > 127);
}

static void token_add(struct token *t, int c)
{
    char bytes[4];
    size_t length = (size_t)(utf8_encode(c, bytes) - bytes);
    if (t->length + length + 1 > t->capacity)
        t->text = check_memory(gc_realloc(t->text, t->capacity *= 2));
    memcpy(t->text + t->length, bytes, length);
    t->length += length;
    t->text[t->length] = '\0';
}

static void token_begin(struct token *t, enum kind kind)
{
    t->kind = kind;
    t->capacity = 32;
    t->text = allocate_atomic(t->capacity);
    t->text[0] = '\0';
    t->length = 0;
}

static void skip_block_comment(struct parser *p)
{
    int before = 0, c;
    stream_get(p->stream);
    while ((c = stream_get(p->stream)) != EOF && !(before == '*' && c == '/'))
        before = c;
    if (c == EOF) {
        p->token.kind = END_OF_FILE;
        fail_syntax(p, "end_of_file_in_comment");
    }
}

/* Skips layout and comments; returns the first character of a token. A slash may begin both. */
static int skip_layout(struct parser *p)
{
    for (p->token.after_layout = false;; p->token.after_layout = true) {
        int c = stream_get(p->stream);
        if (c == '%') {
            while ((c = stream_get(p->stream)) != '\n' && c != EOF)
                ;
        } else if (c == '/' && stream_peek(p->stream) == '*') {
            skip_block_comment(p);
        } else if (c == EOF || !(c < 128 ? isspace(c) : c == 0xA0)) {
            return c;
        }
    }
}

/* ---- Tokens ------------------------------------------------------------------------ */

static int hexadecimal_or_octal(struct parser *p, int base, int first)
{
    int value = first, c;
    for (;;) {
        c = stream_get(p->stream);
        int digit = isdigit(c)              ? c - '0'
                    : c >= 0 && isxdigit(c) ? (c | 32) - 'a' + 10
                                            : 99;
        if (digit >= base)
            break;
        value = value * base + digit;
        if (value > 0x10FFFF)
            fail_syntax(p, "illegal_character_code");
    }
    if (c != '\\')
        fail_syntax(p, "undefined_char_escape");
    return value;
}

enum { CONTINUED = -2 };

/* Behind a backslash; CONTINUED: the line goes on. */
static int escape(struct parser *p)
{
    static const char names[] = "abfnrtv0es", values[] = "\a\b\f\n\r\t\v\0\033 ";
    int c = stream_get(p->stream);
    if (c == '\n')
        return CONTINUED;
    if (c == 'x')
        return hexadecimal_or_octal(p, 16, 0);
    if (c >= '0' && c <= '7')
        return hexadecimal_or_octal(p, 8, c - '0');
    if (c > 0 && c < 128 && strchr("\\'\"`", c))
        return c;
    const char *name = c > 0 && c < 128 ? strchr(names, c) : NULL;
    if (!name)
        fail_syntax(p, "undefined_char_escape");
    return values[name - names];
}

static void read_quoted(struct parser *p, int quote)
{
    for (;;) {
        int c = stream_get(p->stream);
        if (c == quote) {
            if (stream_peek(p->stream) != quote)
                return;
            stream_get(p->stream);
        } else if (c == '\\') {
            c = escape(p);
            if (c == CONTINUED)
                continue;
        } else if (c == EOF || c == '\n') {
            if (c == EOF)
                p->token.kind = END_OF_FILE;
            fail_syntax(p, c == EOF ? "end_of_file_in_quoted" : "newline_in_quoted");
        }
        token_add(&p->token, c);
    }
}

static void read_while(struct parser *p, bool (*wanted)(int))
{
    while (wanted(stream_peek(p->stream)))
        token_add(&p->token, stream_get(p->stream));
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_hexadecimal_digit(int c)
{
    return c > 0 && c < 128 && isxdigit(c);
}

static bool is_octal_digit(int c)
{
    return c >= '0' && c <= '7';
}

static bool is_binary_digit(int c)
{
    return c == '0' || c == '1';
}

/* 0'c.  A quote is written twice there; else it begins what follows a zero. */
static void read_character_code(struct parser *p)
{
    stream_get(p->stream);
    int c = stream_get(p->stream);
    if (c == '\'' && stream_peek(p->stream) != '\'') {
        stream_unget(p->stream, '\'');
        stream_unget(p->stream, '\'');
        p->token.number = integer(0);
        return;
    }
    if (c == '\n')
        fail_syntax(p, "illegal_character_code");
    if (c == '\'')
        stream_get(p->stream);
    else if (c == '\\')
        c = escape(p);
    if (c < 0)
        fail_syntax(p, "illegal_character_code");
    p->token.number = integer(c);
}

/* 0x, 0o and 0b.  Without a digit behind it the letter begins what follows a zero. */
static void read_based(struct parser *p, int base, bool (*is_base_digit)(int))
{
    int letter = stream_get(p->stream);
    if (!is_base_digit(stream_peek(p->stream))) {
        stream_unget(p->stream, letter);
        p->token.number = integer(0);
        return;
    }
    token_begin(&p->token, NUMBER);
    read_while(p, is_base_digit);
    p->token.number = integer_parse(p->token.text, base);
}

/* An exponent, if digits follow. */
static void read_exponent(struct parser *p)
{
    int e = stream_peek(p->stream), sign = 0;
    if (e != 'e' && e != 'E')
        return;
    stream_get(p->stream);
    int c = stream_peek(p->stream);
    if (c == '-' || c == '+')
        sign = stream_get(p->stream);
    if (is_digit(stream_peek(p->stream))) {
        token_add(&p->token, 'e');
        if (sign)
            token_add(&p->token, sign);
        read_while(p, is_digit);
        return;
    }
    if (sign)
        stream_unget(p->stream, sign);
    stream_unget(p->stream, e);
}

/* A fraction, if digits follow the point: the end of a clause looks the same at first. */
static void read_fraction(struct parser *p)
{
    struct token *t = &p->token;
    if (stream_peek(p->stream) != '.')
        return;
    stream_get(p->stream);
    if (!is_digit(stream_peek(p->stream))) {
        stream_unget(p->stream, '.');
        return;
    }
    token_add(t, '.');
    read_while(p, is_digit);
    read_exponent(p);
    double d = strtod(t->text, NULL);
    if (isinf(d))
        fail_syntax(p, "illegal_number");
    t->number = real(d);
}

static void read_number(struct parser *p, int first)
{
    struct token *t = &p->token;
    token_begin(t, NUMBER);
    token_add(t, first);
    int c = stream_peek(p->stream);
    if (first == '0' && c == '\'') {
        read_character_code(p);
    } else if (first == '0' && c == 'x') {
        read_based(p, 16, is_hexadecimal_digit);
    } else if (first == '0' && c == 'o') {
        read_based(p, 8, is_octal_digit);
    } else if (first == '0' && c == 'b') {
        read_based(p, 2, is_binary_digit);
    } else {
        read_while(p, is_digit);
        t->number = integer_parse(t->text, 10);
        read_fraction(p);
    }
}

void next_token(struct parser *p)
{
    struct token *t = &p->token;
    int c = skip_layout(p);
    token_begin(t, PUNCTUATION);
    if (c == EOF) {
        t->kind = END_OF_FILE;
    } else if (is_digit(c)) {
        read_number(p, c);
    } else if (c == '_' || (c < 128 && isupper(c))) {
        t->kind = VARIABLE;
        token_add(t, c);
        read_while(p, is_word_char);
    } else if (is_word_char(c)) {
        t->kind = NAME;
        token_add(t, c);
        read_while(p, is_word_char);
    } else if (c == '\'' || c == '"' || c == '`') {
        t->kind = c == '\'' ? QUOTED_NAME : QUOTED_TEXT;
        t->number = (term)c;
        read_quoted(p, c);
    } else if (c == '.' &&
               (stream_peek(p->stream) == EOF || stream_peek(p->stream) == '%' ||
                isspace(stream_peek(p->stream)))) {
        t->kind = END;
    } else if (is_symbol_char(c)) {
        t->kind = NAME;
        token_add(t, c);
        read_while(p, is_symbol_char);
    } else {
        if (c == ';' || c == '!')
            t->kind = NAME;
        else if (c > 127 || !strchr("(),[]{}|", c))
            fail_syntax(p, "illegal_character");
        token_add(t, c);
    }
    t->functional =
        t->kind != END && t->kind != END_OF_FILE && stream_peek(p->stream) == '(';
}

/* Layout, perhaps a sign, and a number up to the end. */
term text_to_number(const char *text, size_t length)
{
    struct stream stream = {
        .box = {STREAM}, .input = true, .text = text, .text_end = text + length};
    struct parser p = {.stream = &stream};
    int c = skip_layout(&p);
    bool negative = c == '-';
    if (negative)
        c = skip_layout(&p);
    if (!is_digit(c))
        return 0;
    read_number(&p, c);
    if (stream_peek(&stream) != EOF)
        return 0;
    return negative ? negated(p.token.number) : p.token.number;
}
