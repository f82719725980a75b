/* A token at a time, of text that ends with a zero byte. */
#include "scanner.h"

#include <stdbool.h>
#include <string.h>

void scanner_begin(struct scanner *s, const char *source)
{
    *s = (struct scanner){.start = source, .current = source, .line = 1};
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct token make(const struct scanner *s, enum token_type type)
{
    return (struct token){type, s->start, (size_t)(s->current - s->start), s->line};
}

static struct token fail(const struct scanner *s, const char *message)
{
    return (struct token){TOKEN_ERROR, message, strlen(message), s->line};
}

static void skip_line(struct scanner *s)
{
    while (*s->current && *s->current != '\n')
        s->current++;
}

/* White space and comments. */
static void skip_blank(struct scanner *s)
{
    for (;;) {
        char c = *s->current;
        if (c == '/' && s->current[1] == '/')
            skip_line(s);
        else if (c == ' ' || c == '\r' || c == '\t' || c == '\n')
            s->current++;
        else
            return;
        s->line += c == '\n';
    }
}

static struct token scan_string(struct scanner *s)
{
    while (*s->current && *s->current != '"')
        s->line += *s->current++ == '\n';
    if (!*s->current)
        return fail(s, "Unterminated string.");
    s->current++;
    return make(s, TOKEN_STRING);
}

static void skip_digits(struct scanner *s)
{
    while (is_digit(*s->current))
        s->current++;
}

static struct token scan_number(struct scanner *s)
{
    skip_digits(s);
    if (*s->current == '.' && is_digit(s->current[1])) {
        s->current++;
        skip_digits(s);
    }
    return make(s, TOKEN_NUMBER);
}

static const struct {
    const char *name;
    enum token_type type;
} keywords[KEYWORDS] = {
    {"and", TOKEN_AND},     {"class", TOKEN_CLASS},   {"else", TOKEN_ELSE},
    {"false", TOKEN_FALSE}, {"for", TOKEN_FOR},       {"fun", TOKEN_FUN},
    {"if", TOKEN_IF},       {"nil", TOKEN_NIL},       {"or", TOKEN_OR},
    {"print", TOKEN_PRINT}, {"return", TOKEN_RETURN}, {"super", TOKEN_SUPER},
    {"this", TOKEN_THIS},   {"true", TOKEN_TRUE},     {"var", TOKEN_VAR},
    {"while", TOKEN_WHILE},
};

const char *keyword_name(size_t n)
{
    return n < KEYWORDS ? keywords[n].name : NULL;
}

static enum token_type keyword(const char *text, size_t length)
{
    for (size_t i = 0; i < KEYWORDS; i++)
        if (strlen(keywords[i].name) == length &&
            memcmp(keywords[i].name, text, length) == 0)
            return keywords[i].type;
    return TOKEN_IDENTIFIER;
}

static struct token scan_name(struct scanner *s)
{
    while (is_alpha(*s->current) || is_digit(*s->current))
        s->current++;
    return make(s, keyword(s->start, (size_t)(s->current - s->start)));
}

/* The one, or the other if an equals sign follows. */
static struct token pair(struct scanner *s, enum token_type alone, enum token_type both)
{
    if (*s->current != '=')
        return make(s, alone);
    s->current++;
    return make(s, both);
}

static struct token scan_sign(struct scanner *s, char c)
{
    static const char singles[] = "(){},.-+;/*";
    const char *found = strchr(singles, c);
    if (found)
        return make(s, TOKEN_LEFT_PAREN + (enum token_type)(found - singles));
    switch (c) {
    case '!':
        return pair(s, TOKEN_BANG, TOKEN_BANG_EQUAL);
    case '=':
        return pair(s, TOKEN_EQUAL, TOKEN_EQUAL_EQUAL);
    case '<':
        return pair(s, TOKEN_LESS, TOKEN_LESS_EQUAL);
    case '>':
        return pair(s, TOKEN_GREATER, TOKEN_GREATER_EQUAL);
    case '"':
        return scan_string(s);
    default:
        return fail(s, "Unexpected character.");
    }
}

struct token scanner_next(struct scanner *s)
{
    skip_blank(s);
    s->start = s->current;
    char c = *s->current;
    if (!c)
        return make(s, TOKEN_END);
    s->current++;
    if (is_alpha(c))
        return scan_name(s);
    if (is_digit(c))
        return scan_number(s);
    return scan_sign(s, c);
}
