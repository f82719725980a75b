/* Source text to tokens. */
#ifndef LOX_SCANNER_H
#define LOX_SCANNER_H

#include <stddef.h>

/* Single characters, pairs, literals, keywords, and two for the scanner's own. */
enum token_type {
    TOKEN_LEFT_PAREN,
    TOKEN_RIGHT_PAREN,
    TOKEN_LEFT_BRACE,
    TOKEN_RIGHT_BRACE,
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_MINUS,
    TOKEN_PLUS,
    TOKEN_SEMICOLON,
    TOKEN_SLASH,
    TOKEN_STAR,
    TOKEN_BANG,
    TOKEN_BANG_EQUAL,
    TOKEN_EQUAL,
    TOKEN_EQUAL_EQUAL,
    TOKEN_GREATER,
    TOKEN_GREATER_EQUAL,
    TOKEN_LESS,
    TOKEN_LESS_EQUAL,
    TOKEN_IDENTIFIER,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_AND,
    TOKEN_CLASS,
    TOKEN_ELSE,
    TOKEN_FALSE,
    TOKEN_FOR,
    TOKEN_FUN,
    TOKEN_IF,
    TOKEN_NIL,
    TOKEN_OR,
    TOKEN_PRINT,
    TOKEN_RETURN,
    TOKEN_SUPER,
    TOKEN_THIS,
    TOKEN_TRUE,
    TOKEN_VAR,
    TOKEN_WHILE,
    TOKEN_ERROR, /* its text is the message */
    TOKEN_END,
    TOKEN_TYPES,
};

struct token {
    enum token_type type;
    const char *start; /* in the source */
    size_t length;
    int line;
};

struct scanner {
    const char *start, *current; /* of the token; the next character */
    int line;
};

void scanner_begin(struct scanner *s, const char *source);
struct token scanner_next(struct scanner *s);

enum { KEYWORDS = 16 };

/* NULL: there are not so many. */
const char *keyword_name(size_t n);

#endif
