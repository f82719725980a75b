/* The reader: tokens to terms, by the priorities of operators. */
#include "token.h"

#include <string.h>

enum { DEPTH_MAX = 10000 };

static bool is_punctuation(const struct parser *p, char c)
{
    return p->token.kind == PUNCTUATION && *p->token.text == c;
}

static void expect(struct parser *p, char c)
{
    if (!is_punctuation(p, c))
        fail_syntax(p, p->token.kind == END ? "unexpected_end_of_clause"
                       : p->token.kind == END_OF_FILE
                           ? "unexpected_end_of_file"
                           : "illegal_start_of_term_or_missing_operator");
    next_token(p);
}

/* ---- Terms ------------------------------------------------------------------------- */

static term parse(struct parser *p, int priority);

static term variable_named(struct parser *p, const char *text, size_t length)
{
    struct reader *r = p->reader;
    if (length == 1 && *text == '_')
        return variable();
    struct atom *name = atom_of_bytes(text, length);
    for (size_t i = 0; i < r->count; i++) {
        if (r->names[i].name == name) {
            r->names[i].count++;
            return r->names[i].variable;
        }
    }
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? 2 * r->capacity : 8;
        r->names = check_memory(gc_realloc(r->names, r->capacity * sizeof *r->names));
    }
    r->names[r->count] = (struct variable_name){name, variable(), 1};
    return r->names[r->count++].variable;
}

static term parse_arguments(struct parser *p, struct atom *name)
{
    size_t count = 0, capacity = 4;
    term *args = allocate(capacity * sizeof(term));
    next_token(p); /* the parenthesis */
    do {
        if (count == ARITY_MAX)
            representation_error("max_arity");
        if (count == capacity)
            args = check_memory(gc_realloc(args, (capacity *= 2) * sizeof(term)));
        next_token(p);
        args[count++] = parse(p, 999);
    } while (is_punctuation(p, ','));
    expect(p, ')');
    return structure(name, count, args);
}

static term parse_list(struct parser *p)
{
    term list = cons(parse(p, 999), atom(atoms.nil)), last = list;
    while (is_punctuation(p, ',')) {
        next_token(p);
        term pair = cons(parse(p, 999), atom(atoms.nil));
        arguments(last)[1] = pair;
        last = pair;
    }
    if (is_punctuation(p, '|')) {
        next_token(p);
        arguments(last)[1] = parse(p, 999);
    }
    expect(p, ']');
    return list;
}

static term text_as(struct atom *as, const char *text, size_t length)
{
    size_t count = 0;
    term *items;
    if (as == atoms.atom)
        return atom(atom_of_bytes(text, length));
    if (as == atoms.string)
        return string_of_bytes(text, length);
    items = allocate((length + 1) * sizeof(term));
    for (const char *end = text + length; text < end;) {
        const char *start = text;
        int c = utf8_decode(&text);
        items[count++] = as == atoms.chars
                             ? atom(atom_of_bytes(start, (size_t)(text - start)))
                             : integer(c);
    }
    return list_of(items, count, atom(atoms.nil));
}

/* Whether what comes may be the operand of a prefix operator: an infix operator makes that an atom. */
static bool operand_follows(const struct parser *p)
{
    if (p->token.kind == NAME || p->token.kind == QUOTED_NAME) {
        const struct operator* o = atom_of_bytes(p->token.text, p->token.length)
            ->operators;
        return p->token.functional || !o[INFIX].priority || o[PREFIX].priority;
    }
    if (p->token.kind == PUNCTUATION)
        return strchr("([{", *p->token.text);
    return p->token.kind != END && p->token.kind != END_OF_FILE;
}

static term negative_number(struct parser *p)
{
    term number = p->token.number;
    next_token(p);
    return negated(number);
}

/* A name that is no functor; *priority becomes that of the term. */
static term parse_prefix(struct parser *p, struct atom *name, int limit, int *priority)
{
    struct operator o = name->operators[PREFIX];
    if (name == atoms.minus && p->token.kind == NUMBER)
        return negative_number(p);
    if (o.priority && o.priority <= limit && operand_follows(p)) {
        term operand = parse(p, o.priority - o.right);
        *priority = o.priority;
        return structure(name, 1, &operand);
    }
    bool is_operator = o.priority || name->operators[INFIX].priority;
    *priority = is_operator ? (o.priority > name->operators[INFIX].priority
                                   ? o.priority
                                   : name->operators[INFIX].priority)
                            : 0;
    if (*priority > limit)
        *priority = 0;
    return atom(name);
}

/* At the closing bracket of [] or {}, which may be a functor. */
static term parse_brackets(struct parser *p, struct atom *name)
{
    if (p->token.functional)
        return parse_arguments(p, name);
    next_token(p);
    return atom(name);
}

static term parse_punctuation(struct parser *p, char c)
{
    term inner;
    next_token(p);
    switch (c) {
    case '(':
        inner = parse(p, 1200);
        expect(p, ')');
        return inner;
    case '[':
        return is_punctuation(p, ']') ? parse_brackets(p, atoms.nil) : parse_list(p);
    case '{':
        if (is_punctuation(p, '}'))
            return parse_brackets(p, atoms.curly);
        inner = parse(p, 1200);
        expect(p, '}');
        return structure(atoms.curly, 1, &inner);
    default:
        fail_syntax(p, "illegal_start_of_term");
    }
}

static term parse_primary(struct parser *p, int limit, int *priority)
{
    struct token t = p->token;
    *priority = 0;
    switch (t.kind) {
    case NUMBER:
        next_token(p);
        return t.number;
    case VARIABLE:
        next_token(p);
        return variable_named(p, t.text, t.length);
    case QUOTED_TEXT:
        next_token(p);
        return text_as(t.number == '`' ? atoms.codes : flags.double_quotes, t.text,
                       t.length);
    case NAME:
    case QUOTED_NAME: {
        struct atom *name = atom_of_bytes(t.text, t.length);
        if (t.functional)
            return parse_arguments(p, name);
        next_token(p);
        return parse_prefix(p, name, limit, priority);
    }
    case PUNCTUATION:
        return parse_punctuation(p, *t.text);
    default:
        fail_syntax(p, t.kind == END ? "unexpected_end_of_clause"
                                     : "unexpected_end_of_file");
    }
}

/* The atom that may be an operator here; NULL: there is none. */
static struct atom *operator_token(const struct parser *p)
{
    if (p->token.kind == NAME || p->token.kind == QUOTED_NAME)
        return atom_of_bytes(p->token.text, p->token.length);
    if (is_punctuation(p, ','))
        return atoms.comma;
    return is_punctuation(p, '|') ? atoms.bar : NULL;
}

static term parse(struct parser *p, int limit)
{
    int left;
    if (++p->depth > DEPTH_MAX)
        fail_syntax(p, "nested_too_deeply");
    term t = parse_primary(p, limit, &left);
    for (struct atom *name; (name = operator_token(p)) != NULL;) {
        struct operator o = name->operators[INFIX], post = name->operators[POSTFIX];
        if (o.priority && o.priority <= limit && left <= o.priority - o.left) {
            next_token(p);
            term args[] = {t, parse(p, o.priority - o.right)};
            t = structure(name, 2, args);
            left = o.priority;
        } else if (post.priority && post.priority <= limit &&
                   left <= post.priority - post.left) {
            next_token(p);
            t = structure(name, 1, &t);
            left = post.priority;
        } else {
            break;
        }
    }
    p->depth--;
    return t;
}

term read_term(struct reader *reader)
{
    struct parser p = {.reader = reader, .stream = reader->stream};
    reader->count = 0;
    next_token(&p);
    reader->line = p.stream->line;
    if (p.token.kind == END_OF_FILE)
        return atom(atoms.end_of_file);
    term t = parse(&p, 1200);
    if (p.token.kind != END)
        fail_syntax(&p, "operator_expected");
    return t;
}
