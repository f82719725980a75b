/* The reader: characters to tokens, and tokens to terms by the operators' priorities. */
#include "prolog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum kind { NAME, QUOTED_NAME, VARIABLE, NUMBER, STRING, PUNCTUATION, END, END_OF_FILE };

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

enum { DEPTH_MAX = 20000 };

_Noreturn void syntax_error(const char *what)
{
    throw_error(structure(atom_of("syntax_error"), 1, (term[]){atom(atom_of(what))}));
}

/* After an error the rest of the clause is skipped. */
static _Noreturn void fail_syntax(struct parser *p, const char *what)
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

/* Behind a backslash; NOTHING: it continues the line. */
static int escape(struct parser *p)
{
    static const char names[] = "abfnrtv0es", values[] = "\a\b\f\n\r\t\v\0\033 ";
    int c = stream_get(p->stream);
    if (c == '\n')
        return NOTHING;
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
            if (c == NOTHING)
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

static bool is_digit_or_underscore(int c)
{
    return is_digit(c);
}

static bool is_letter_or_digit(int c)
{
    return c > 0 && c < 128 && isalnum(c);
}

/* 0'c */
static void read_character_code(struct parser *p)
{
    int c = stream_get(p->stream);
    if (c == '\\')
        c = escape(p);
    else if (c == '\'' && stream_get(p->stream) != '\'')
        fail_syntax(p, "quote_expected");
    p->token.number = integer(c);
}

static void read_based(struct parser *p, int base)
{
    stream_get(p->stream);
    token_begin(&p->token, NUMBER);
    read_while(p, is_letter_or_digit);
    p->token.number = integer_parse(p->token.text, base);
    if (!p->token.number)
        fail_syntax(p, "illegal_number");
}

/* Two characters may be needed to see whether a fraction follows: the end of a clause looks
 * the same at first. */
static void read_fraction(struct parser *p)
{
    struct token *t = &p->token;
    if (stream_peek(p->stream) == '.') {
        stream_get(p->stream);
        if (!is_digit(stream_peek(p->stream))) {
            p->stream->peeked_twice = '.';
            return;
        }
        token_add(t, '.');
        read_while(p, is_digit);
        int c = stream_peek(p->stream);
        if (c == 'e' || c == 'E') {
            token_add(t, stream_get(p->stream));
            c = stream_peek(p->stream);
            if (c == '-' || c == '+')
                token_add(t, stream_get(p->stream));
            read_while(p, is_digit);
        }
        t->number = real(strtod(t->text, NULL));
    }
}

static void read_number(struct parser *p, int first)
{
    struct token *t = &p->token;
    token_begin(t, NUMBER);
    token_add(t, first);
    int c = stream_peek(p->stream);
    if (first == '0' && c == '\'') {
        stream_get(p->stream);
        read_character_code(p);
    } else if (first == '0' && (c == 'x' || c == 'o' || c == 'b')) {
        read_based(p, c == 'x' ? 16 : c == 'o' ? 8 : 2);
    } else {
        read_while(p, is_digit_or_underscore);
        t->number = integer_parse(t->text, 10);
        if (stream_peek(p->stream) == '\'')
            read_based(p, atoi(t->text));
        else
            read_fraction(p);
    }
}

static void next_token(struct parser *p)
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
        t->kind = c == '\'' ? QUOTED_NAME : STRING;
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
    term args[256];
    size_t count = 0;
    next_token(p); /* the parenthesis */
    do {
        if (count == 255)
            representation_error("max_arity");
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

static bool starts_term(const struct parser *p)
{
    if (p->token.kind == NAME) {
        const struct operator* infix = & atom_of(p->token.text)->operators[INFIX];
        return !infix->priority || p->token.functional;
    }
    if (p->token.kind == PUNCTUATION)
        return strchr("([{", *p->token.text);
    return p->token.kind != END && p->token.kind != END_OF_FILE;
}

static term negative_number(struct parser *p)
{
    term args[] = {p->token.number, 0};
    next_token(p);
    evaluator *negate = evaluator_of(functor_of(atoms.minus, 1));
    return negate(args[0], 0);
}

/* A name that is no functor; *priority becomes that of the term. */
static term parse_prefix(struct parser *p, struct atom *name, int limit, int *priority)
{
    struct operator o = name->operators[PREFIX];
    if (name == atoms.minus && p->token.kind == NUMBER && !p->token.after_layout)
        return negative_number(p);
    bool operator_follows = p->token.kind == NAME && !p->token.functional &&
                            atom_of(p->token.text)->operators[INFIX].priority > 0 &&
                            atom_of(p->token.text)->operators[PREFIX].priority == 0;
    if (o.priority && !operator_follows &&
        (starts_term(p) ||
         (p->token.kind == NAME && atom_of(p->token.text)->operators[PREFIX].priority))) {
        if (o.priority > limit)
            o.priority = 999;
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
    case STRING:
        next_token(p);
        return text_as(t.number == '`' ? atoms.codes : flags.double_quotes, t.text,
                       t.length);
    case NAME:
    case QUOTED_NAME: {
        struct atom *name = atom_of_bytes(t.text, t.length);
        if (t.functional)
            return parse_arguments(p, name);
        next_token(p);
        return t.kind == NAME ? parse_prefix(p, name, limit, priority) : atom(name);
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

/* As number_codes/2 reads it: layout, perhaps a sign, and a number up to the end. */
term text_to_number(const char *text)
{
    char *end;
    while (isspace((unsigned char)*text))
        text++;
    bool negative = *text == '-';
    const char *digits = text + (*text == '-' || *text == '+');
    term t = 0;
    if (!isdigit((unsigned char)*digits))
        return 0;
    if (digits[0] == '0' && digits[1] == '\'' && digits[2]) {
        digits += 2;
        t = integer(utf8_decode(&digits));
        t = *digits ? 0 : t;
    } else if (digits[0] == '0' && digits[1] && strchr("xob", digits[1])) {
        t = integer_parse(digits + 2, digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : 2);
    } else if (digits[strspn(digits, "0123456789")] == '\0') {
        t = integer_parse(digits, 10);
    } else {
        double d = strtod(digits, &end);
        size_t whole = strspn(digits, "0123456789");
        if (!*end && digits[whole] == '.' && isdigit((unsigned char)digits[whole + 1]) &&
            !strpbrk(digits, "xXnN"))
            t = real(d);
    }
    return t && negative ? evaluator_of(functor_of(atoms.minus, 1))(t, 0) : t;
}
