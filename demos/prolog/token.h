/* Tokens, as the reader sees them. */
#ifndef TOKEN_H
#define TOKEN_H

#include "prolog.h"

enum kind {
    NAME,
    QUOTED_NAME,
    VARIABLE,
    NUMBER,
    QUOTED_TEXT,
    PUNCTUATION,
    END,
    END_OF_FILE
};

struct token {
    enum kind kind;
    char *text; /* of what is none of the next; an atomic object */
    size_t length, capacity;
    term number;
    bool after_layout;
    bool functional; /* an opening parenthesis follows at once */
};

struct parser {
    struct reader *reader;
    struct stream *stream;
    struct token token; /* the next one */
    int depth;
};

/* The next one comes into p->token. */
void next_token(struct parser *p);
/* After an error the rest of the clause is skipped. */
_Noreturn void fail_syntax(struct parser *p, const char *what);

#endif
