/* The reader's parts. */
#ifndef SCHEME_READ_H
#define SCHEME_READ_H

#include "port.h"

struct reader {
    struct port *port;
    const char *file;
    struct table *positions; /* or NULL */
    struct level *stack;     /* the data that have been begun, the outermost first */
    size_t depth, capacity;
    struct table *labels; /* from numbers to boxes; NULL: there are none */
    bool forward;         /* a box stands where its label's datum was not known yet */
};

/* A reader's error, at this place or where the port is. */
_Noreturn void fail_reading_at(const struct reader *r, int line, int column,
                               const char *what);
_Noreturn void fail_reading(const struct reader *r, const char *what);

/* ---- read-token.c ---------------------------------------------------------------- */

/* Characters up to the next delimiter; in small letters, if the port says so. */
struct text read_token(struct reader *r);
bool text_is(const struct text *text, const char *name);

/* These are called after the character, or the two, by which the datum was told. */
value read_string(struct reader *r);
value read_barred_symbol(struct reader *r);
value read_character(struct reader *r);
/* `text` is of what follows the #. */
value read_hash_atom(struct reader *r, struct text *text);
/* A number or a symbol. */
value read_atom(const struct text *text);

#endif
