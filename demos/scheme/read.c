/* The reader: from characters to data, with the position of each list.  Data that have been begun are on a
 * stack of its own, so that they may be as deep as they like. */
#include "read.h"

#include <string.h>

/* What read_item returns that is no datum. */
#define CLOSE CONSTANT(16)
#define DOT CONSTANT(17)

enum kind {
    IN_LIST,
    IN_TAIL,    /* after the dot */
    AFTER_TAIL, /* after the datum that follows it */
    IN_VECTOR,
    IN_BYTEVECTOR,
    IN_QUOTATION, /* after ' and the like */
    IN_LABELLED,  /* after #0= */
    IN_COMMENT,   /* after #; */
};

/* A datum that has been begun. */
struct level {
    enum kind kind;
    int line, column;
    value
        content; /* of lists and the like what has been read; a quotation's symbol; a label's box */
    value last; /* the last pair of that list */
};

void fail_reading_at(const struct reader *r, int line, int column, const char *what)
{
    fail_read(r->file, line, column, "%s", what);
}

void fail_reading(const struct reader *r, const char *what)
{
    fail_reading_at(r, r->port->line, r->port->column, what);
}

static int32_t peek(struct reader *r)
{
    return port_peek(r->port);
}

static int32_t next(struct reader *r)
{
    return port_next(r->port);
}

/* ---- Comments -------------------------------------------------------------------- */

static void skip_line(struct reader *r)
{
    while (peek(r) >= 0 && peek(r) != '\n')
        next(r);
}

/* A block comment, after its first "#|"; they nest. */
static void skip_block(struct reader *r)
{
    int line = r->port->line, column = r->port->column - 2;
    for (int depth = 1; depth > 0;) {
        int32_t c = next(r);
        if (c < 0)
            fail_reading_at(r, line, column, "a block comment is not closed");
        if (c == '|' && peek(r) == '#') {
            next(r);
            depth--;
        } else if (c == '#' && peek(r) == '|') {
            next(r);
            depth++;
        }
    }
}

/* After "#!"; a file may begin with the name of its interpreter. */
static void read_directive(struct reader *r)
{
    struct text text = read_token(r);
    if (text_is(&text, "fold-case"))
        r->port->fold_case = true;
    else if (text_is(&text, "no-fold-case"))
        r->port->fold_case = false;
    else if (r->port->line == 1)
        skip_line(r);
    else
        fail_reading(r, "unknown syntax after #!");
}

/* ---- The stack ------------------------------------------------------------------- */

static struct level *top(struct reader *r)
{
    return &r->stack[r->depth - 1];
}

/* Begins a datum, of which `width` characters have been read. */
static void push(struct reader *r, enum kind kind, value content, int width)
{
    if (r->depth == r->capacity) {
        struct level *stack = allocate(r->capacity * 2 * sizeof *stack);
        memcpy(stack, r->stack, r->depth * sizeof *stack);
        r->stack = stack;
        r->capacity *= 2;
    }
    r->stack[r->depth++] =
        (struct level){kind, r->port->line, r->port->column - width, content, NIL};
}

static void set_position(struct reader *r, const struct level *level, value list)
{
    if (r->positions)
        table_put(r->positions, list, position_pack(level->line, level->column));
}

static void append(struct reader *r, struct level *level, value item)
{
    value cell = cons(item, NIL);
    if (level->content == NIL) {
        level->content = cell;
        if (level->kind == IN_LIST)
            set_position(r, level, cell);
    } else {
        pair_of(level->last)->cdr = cell;
    }
    level->last = cell;
}

/* Puts a datum where it belongs; returns it if it is the one that was to be read, otherwise NULL. */
static value deliver(struct reader *r, value v)
{
    while (r->depth > 0) {
        struct level *level = top(r);
        switch (level->kind) {
        case IN_TAIL:
            pair_of(level->last)->cdr = v;
            level->kind = AFTER_TAIL;
            return NULL;
        case AFTER_TAIL:
            fail_reading(r, "expected ) after the datum that follows a dot");
        case IN_QUOTATION:
            v = cons(level->content, cons(v, NIL));
            set_position(r, level, v);
            break;
        case IN_LABELLED:
            if (v == level->content)
                fail_reading(r, "a label names only itself");
            box_of(level->content)->content = v;
            break;
        case IN_COMMENT:
            r->depth--;
            return NULL;
        default:
            append(r, level, v);
            return NULL;
        }
        r->depth--;
    }
    return v;
}

/* ---- The ends of data ------------------------------------------------------------ */

static value list_to_vector(value list)
{
    value v = vector_new((size_t)list_length(list), FALSE);
    for (size_t i = 0; is_pair(list); list = cdr(list))
        vector_of(v)->items[i++] = car(list);
    return v;
}

static value list_to_bytevector(struct reader *r, value list)
{
    value v = bytevector_new((size_t)list_length(list));
    for (size_t i = 0; is_pair(list); list = cdr(list)) {
        value byte = car(list);
        if (!is_fixnum(byte) || fixnum_of(byte) < 0 || fixnum_of(byte) > 255)
            fail_reading(r, "a bytevector holds integers from 0 to 255");
        bytevector_of(v)->bytes[i++] = (unsigned char)fixnum_of(byte);
    }
    return v;
}

/* What ends with the parenthesis that has been read. */
static value close_level(struct reader *r)
{
    const struct level *level = r->depth > 0 ? top(r) : NULL;
    if (!level || level->kind == IN_TAIL || level->kind > IN_BYTEVECTOR)
        fail_reading_at(r, r->port->line, r->port->column - 1, "unexpected )");
    r->depth--;
    if (level->kind == IN_VECTOR)
        return list_to_vector(level->content);
    if (level->kind == IN_BYTEVECTOR)
        return list_to_bytevector(r, level->content);
    return level->content;
}

static void begin_tail(struct reader *r)
{
    if (r->depth == 0 || top(r)->kind != IN_LIST || top(r)->content == NIL)
        fail_reading_at(r, r->port->line, r->port->column - 1, "unexpected .");
    top(r)->kind = IN_TAIL;
}

static _Noreturn void fail_at_end(struct reader *r)
{
    const struct level *level = top(r);
    if (level->kind <= IN_BYTEVECTOR)
        fail_reading_at(r, level->line, level->column, "this list is not closed");
    fail_reading(r, "unexpected end of file");
}

/* ---- Labels ---------------------------------------------------------------------- */

/* After a # and before a digit: #0= or #0#.  Returns NULL for the former. */
static value read_label(struct reader *r)
{
    intptr_t number = 0;
    while (peek(r) >= '0' && peek(r) <= '9' && number < 1000000000)
        number = number * 10 + next(r) - '0';
    int32_t mark = next(r);
    value known = r->labels ? table_get(r->labels, fixnum(number), NULL) : NULL;
    if (mark == '=') {
        if (known)
            fail_reading(r, "a label is given twice");
        if (!r->labels)
            r->labels = table_new(false);
        push(r, IN_LABELLED, box(UNDEFINED), 0);
        table_put(r->labels, fixnum(number), top(r)->content);
        return NULL;
    }
    if (mark != '#')
        fail_reading(r, "unknown syntax after #");
    if (!known)
        fail_reading(r, "there is no such label");
    r->forward |= box_of(known)->content == UNDEFINED;
    return box_of(known)->content == UNDEFINED ? known : box_of(known)->content;
}

static value resolve(value v)
{
    while (has_type(v, TYPE_BOX))
        v = box_of(v)->content;
    return v;
}

/* Replaces the boxes in a pair or vector, of which the parts are then pending. */
static value resolve_parts(value v, value pending)
{
    if (is_pair(v)) {
        pair_of(v)->car = resolve(car(v));
        pair_of(v)->cdr = resolve(cdr(v));
        return cons(car(v), cons(cdr(v), pending));
    }
    struct vector *vector = vector_of(v);
    for (size_t i = 0; i < vector->length; i++) {
        vector->items[i] = resolve(vector->items[i]);
        pending = cons(vector->items[i], pending);
    }
    return pending;
}

/* Puts the data of labels where they were mentioned before they were known. */
static void resolve_labels(value v)
{
    struct table *seen = table_new(false);
    value pending = cons(v, NIL);
    while (pending != NIL) {
        v = car(pending);
        pending = cdr(pending);
        if ((is_pair(v) || has_type(v, TYPE_VECTOR)) &&
            table_get(seen, v, FALSE) == FALSE) {
            table_put(seen, v, TRUE);
            pending = resolve_parts(v, pending);
        }
    }
}

/* ---- Items ----------------------------------------------------------------------- */

/* A token that begins with #, or the vector that it begins. */
static value read_hash_token(struct reader *r)
{
    struct text text = read_token(r);
    if (!text_is(&text, "u8") || peek(r) != '(')
        return read_hash_atom(r, &text);
    next(r);
    push(r, IN_BYTEVECTOR, NIL, 4);
    return NULL;
}

/* What follows a #.  Returns NULL for what is no datum or only its beginning. */
static value read_hash(struct reader *r)
{
    int32_t c = peek(r);
    if (c >= '0' && c <= '9')
        return read_label(r);
    if (c < 0 || !strchr("|!;(\\", c))
        return read_hash_token(r);
    next(r);
    if (c == '\\')
        return read_character(r);
    if (c == '|')
        skip_block(r);
    else if (c == '!')
        read_directive(r);
    else
        push(r, c == ';' ? IN_COMMENT : IN_VECTOR, NIL, 2);
    return NULL;
}

static value begin_quotation(struct reader *r, int32_t mark)
{
    if (mark == ',' && peek(r) == '@') {
        next(r);
        push(r, IN_QUOTATION, symbol("unquote-splicing"), 2);
    } else {
        const char *name = mark == '\''  ? "quote"
                           : mark == '`' ? "quasiquote"
                                         : "unquote";
        push(r, IN_QUOTATION, symbol(name), 1);
    }
    return NULL;
}

/* An item that begins with the character c, which has been passed. */
static value read_after(struct reader *r, int32_t c)
{
    switch (c) {
    case '(':
        push(r, IN_LIST, NIL, 1);
        return NULL;
    case ')':
        return CLOSE;
    case '"':
        return read_string(r);
    case '|':
        return read_barred_symbol(r);
    case '#':
        return read_hash(r);
    default:
        return begin_quotation(r, c);
    }
}

/* An atom, CLOSE, DOT or END_OF_FILE; NULL when something has been begun. */
static value read_item(struct reader *r)
{
    int32_t c = peek(r);
    if (c < 0)
        return END_OF_FILE;
    if (char_is_space((uint32_t)c)) {
        next(r);
        return NULL;
    }
    if (c == ';') {
        skip_line(r);
        return NULL;
    }
    if (c > 0 && c < 0x80 && strchr("()'`,\"|#", c))
        return read_after(r, next(r));
    struct text text = read_token(r);
    return text_is(&text, ".") ? DOT : read_atom(&text);
}

/* A datum that is complete, END_OF_FILE, or NULL. */
static value read_step(struct reader *r)
{
    value item = read_item(r);
    if (!item)
        return NULL;
    if (item == DOT) {
        begin_tail(r);
        return NULL;
    }
    if (item == END_OF_FILE && r->depth > 0)
        fail_at_end(r);
    if (item == END_OF_FILE)
        return item;
    return deliver(r, item == CLOSE ? close_level(r) : item);
}

value read_datum(struct port *port, const char *file, struct table *positions)
{
    struct level first[16];
    struct reader r = {port, file, positions, first, 0, sizeof first / sizeof *first,
                       NULL, false};
    value v;
    do
        v = read_step(&r);
    while (!v);
    if (r.forward)
        resolve_labels(v);
    return v;
}
