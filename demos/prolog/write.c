/* The writer: terms to text, with operators, and with spaces only where two tokens would
 * become one. What is still to be written is on a list, so that it is not C's stack that bounds
 * the depth of terms. */
#include "prolog.h"

#include <ctype.h>
#include <string.h>

/* What is to be written: a term of some priority, or a text.  Where it is an operand of an operator, `OPERAND` is
 * added to the priority; where it has that operator behind it, `LEFT`, too. */
struct writer {
    struct stream *stream;
    struct worklist todo; /* pairs */
    int flags;
    int last; /* the character written last */
};

enum { TEXT = -1, CLOSE_LIST = -2, OPERAND = 1 << 12, LEFT = 1 << 13 };

static bool is_alphanumeric(int c)
{
    return c == '_' || c > 127 || (c > 0 && isalnum(c));
}

static void put_text(struct writer *w, const char *text, size_t length)
{
    int first = (unsigned char)*text;
    bool joins = (is_alphanumeric(w->last) && is_alphanumeric(first)) ||
                 (is_symbol_char(w->last) && is_symbol_char(first));
    if (joins)
        stream_put(w->stream, ' ');
    stream_puts(w->stream, text, length);
    if (length > 0)
        w->last = (unsigned char)text[length - 1];
}

static void put_token(struct writer *w, const char *text)
{
    put_text(w, text, strlen(text));
}

static void put_char(struct writer *w, int c)
{
    stream_put(w->stream, c);
    w->last = c;
}

/* ---- Atoms ------------------------------------------------------------------------- */

/* Whether it is read as an atom without quotes. */
static bool is_plain_atom(const struct atom *a)
{
    static const char *const solo[] = {"[]", "!", ";", "{}"};
    const char *text = a->text, *p = text;
    if (strlen(text) != a->length)
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (!strcmp(text, solo[i]))
            return true;
    }
    if (islower((unsigned char)*p)) {
        while (is_alphanumeric((unsigned char)*p))
            p++;
        return !*p;
    }
    while (is_symbol_char((unsigned char)*p))
        p++;
    return *text && !*p && strcmp(text, ".") && strncmp(text, "/*", 2);
}

static void put_quoted(struct writer *w, const char *text, size_t length, char quote)
{
    static const char special[] = "\a\b\f\n\r\t\v\\", names[] = "abfnrtv\\";
    char *out = allocate_atomic(5 * length + 3), *p = out;
    *p++ = quote;
    for (const char *end = text + length; text < end; text++) {
        const char *name = *text ? strchr(special, *text) : NULL;
        if (name || *text == quote) {
            *p++ = '\\';
            *p++ = name ? names[name - special] : quote;
        } else if ((unsigned char)*text < ' ' || *text == 0x7F) {
            p += sprintf(p, "\\x%x\\", (unsigned)*text);
        } else {
            *p++ = *text;
        }
    }
    *p++ = quote;
    put_text(w, out, (size_t)(p - out));
}

static void put_atom(struct writer *w, const struct atom *a)
{
    if (w->flags & QUOTED && !is_plain_atom(a))
        put_quoted(w, a->text, a->length, '\'');
    else
        put_text(w, a->text, a->length);
}

static void put_string(struct writer *w, const struct string *s)
{
    if (w->flags & QUOTED)
        put_quoted(w, s->text, s->length, '"');
    else
        put_text(w, s->text, s->length);
}

static bool is_operator(const struct atom *a)
{
    return a->operators[PREFIX].priority || a->operators[INFIX].priority ||
           a->operators[POSTFIX].priority;
}

static void put_operand_atom(struct writer *w, const struct atom *a, int position)
{
    bool wrapped = is_operator(a) && position & OPERAND;
    if (wrapped)
        put_char(w, '(');
    put_atom(w, a);
    if (wrapped)
        put_char(w, ')');
}

/* ---- Terms ------------------------------------------------------------------------- */

static void later_text(struct writer *w, const char *text)
{
    push(&w->todo, (word)text);
    push(&w->todo, (word)TEXT);
}

static void later_term(struct writer *w, term t, int priority)
{
    push(&w->todo, t);
    push(&w->todo, (word)priority);
}

static void put_variable(struct writer *w, term t)
{
    char text[24];
    snprintf(text, sizeof text, "_%lu", (unsigned long)(t & 0xffffffffff) >> 3);
    put_token(w, text);
}

static void put_box(struct writer *w, term t)
{
    static const char *const names[] = {"", "", "", "stream", "clause", "cursor", "bag"};
    char text[40];
    snprintf(text, sizeof text, "<%s>(%p)", names[((struct box *)address(t))->type],
             address(t));
    put_token(w, text);
}

static void write_list(struct writer *w, term t)
{
    put_char(w, '[');
    push(&w->todo, argument(t, 1));
    push(&w->todo, (word)CLOSE_LIST);
    later_term(w, argument(t, 0), 999);
}

/* The rest of a list, behind an item. */
static void write_rest(struct writer *w, term t)
{
    if (tag_of(t) == LIST) {
        put_char(w, ',');
        push(&w->todo, argument(t, 1));
        push(&w->todo, (word)CLOSE_LIST);
        later_term(w, argument(t, 0), 999);
        return;
    }
    later_text(w, "]");
    if (!is_atom(t, atoms.nil)) {
        later_term(w, t, 999);
        later_text(w, "|");
    }
}

static void write_canonical(struct writer *w, term t)
{
    const struct functor *f = functor_of_term(t);
    put_atom(w, f->name);
    put_char(w, '(');
    later_text(w, ")");
    for (size_t i = f->arity; i > 0; i--) {
        later_term(w, argument(t, i - 1), 999);
        if (i > 1)
            later_text(w, ",");
    }
}

static void open_if(struct writer *w, bool wrapped)
{
    if (wrapped) {
        put_char(w, '(');
        later_text(w, ")");
    }
}

/* What is right-associative, and has an operator of the same priority behind it, would take that for its own
 * operand's. */
static bool needs_parentheses(struct operator o, int position)
{
    int priority = position & (OPERAND - 1);
    return o.priority > priority ||
           (position & LEFT && o.priority == priority && o.right == 0);
}

enum beginning { NUMBER, PARENTHESIS, OTHER };

/* What the text of a term begins with. */
static enum beginning beginning_of(term t, int position)
{
    for (t = deref(t); tag_of(t) == STRUCTURE; t = argument(t, 0)) {
        const struct functor *f = functor_at(t);
        const struct operator* operators = f->name->operators;
        bool prefix = f->arity == 1 && operators[PREFIX].priority;
        struct operator o = operators[prefix ? PREFIX : f->arity == 2 ? INFIX : POSTFIX];
        if (f->arity > 2 || !o.priority)
            return OTHER;
        if (needs_parentheses(o, position))
            return PARENTHESIS;
        if (prefix)
            return OTHER;
        position = (o.priority - o.left) | OPERAND | LEFT;
    }
    if (tag_of(t) == ATOM && is_operator(atom_at(t)) && position & OPERAND)
        return PARENTHESIS;
    return is_number(t) && number_compare(t, integer(0)) >= 0 ? NUMBER : OTHER;
}

/* A minus would become a number's sign: then the term is written without operators.  A parenthesis that follows
 * the name at once would begin arguments. */
static void write_prefix(struct writer *w, term t, struct operator o, int position)
{
    const struct atom *name = functor_at(t)->name;
    term operand = argument(t, 0);
    int inner = (o.priority - o.right) | OPERAND;
    enum beginning beginning = beginning_of(operand, inner);
    if (name == atoms.minus && beginning == NUMBER) {
        write_canonical(w, t);
        return;
    }
    open_if(w, needs_parentheses(o, position));
    later_term(w, operand, inner);
    put_atom(w, name);
    if (beginning == PARENTHESIS)
        put_char(w, ' ');
}

static void write_infix(struct writer *w, term t, struct operator o, int position)
{
    const struct atom *name = functor_at(t)->name;
    bool spaced = is_alphanumeric((unsigned char)name->text[0]);
    open_if(w, needs_parentheses(o, position));
    later_term(w, argument(t, 1), (o.priority - o.right) | OPERAND);
    if (name == atoms.comma) {
        later_text(w, ",");
    } else {
        if (spaced)
            later_text(w, " ");
        push(&w->todo, atom((struct atom *)name));
        push(&w->todo, (word)1200);
        if (spaced)
            later_text(w, " ");
    }
    later_term(w, argument(t, 0), (o.priority - o.left) | OPERAND | LEFT);
}

static void write_postfix(struct writer *w, term t, struct operator o, int position)
{
    open_if(w, needs_parentheses((struct operator){o.priority, o.left, 1}, position));
    push(&w->todo, atom(functor_at(t)->name));
    push(&w->todo, (word)1200);
    later_term(w, argument(t, 0), (o.priority - o.left) | OPERAND | LEFT);
}

/* '$VAR'(N) as a letter and a number. */
static void write_numbered(struct writer *w, int64_t n)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%c", (char)('A' + n % 26));
    if (n >= 26)
        snprintf(text + length, sizeof text - (size_t)length, "%ld", (long)(n / 26));
    put_token(w, text);
}

static void write_structure(struct writer *w, term t, int position)
{
    const struct functor *f = functor_at(t);
    const struct operator* o = f->name->operators;
    if (w->flags & NUMBER_VARS && f->name == atoms.var && f->arity == 1 &&
        tag_of(argument(t, 0)) == INTEGER && integer_of(argument(t, 0)) >= 0) {
        write_numbered(w, integer_of(argument(t, 0)));
    } else if (w->flags & NAMES && f->name == atoms.name && f->arity == 1) {
        put_token(w, atom_at(argument(t, 0))->text);
    } else if (w->flags & IGNORE_OPS) {
        write_canonical(w, t);
    } else if (f->name == atoms.curly && f->arity == 1) {
        put_char(w, '{');
        later_text(w, "}");
        later_term(w, argument(t, 0), 1200);
    } else if (f->arity == 2 && o[INFIX].priority) {
        write_infix(w, t, o[INFIX], position);
    } else if (f->arity == 1 && o[PREFIX].priority) {
        write_prefix(w, t, o[PREFIX], position);
    } else if (f->arity == 1 && o[POSTFIX].priority) {
        write_postfix(w, t, o[POSTFIX], position);
    } else {
        write_canonical(w, t);
    }
}

static void write_one(struct writer *w, term t, int position)
{
    t = deref(t);
    switch (tag_of(t)) {
    case REFERENCE:
        put_variable(w, t);
        break;
    case ATOM:
        put_operand_atom(w, atom_at(t), position);
        break;
    case LIST:
        write_list(w, t);
        break;
    case STRUCTURE:
        write_structure(w, t, position);
        break;
    default:
        if (is_number(t))
            put_token(w, number_text(t));
        else if (is_box(t, STRING))
            put_string(w, string_at(t));
        else
            put_box(w, t);
    }
}

void write_term(struct stream *stream, term t, int flag_set, int priority)
{
    static struct writer w;
    w.stream = stream;
    w.flags = flag_set;
    w.last = 0;
    w.todo.count = 0;
    later_term(&w, t, priority);
    while (w.todo.count > 0) {
        int kind = (int)pop(&w.todo);
        word what = pop(&w.todo);
        if (kind == TEXT)
            put_token(&w, (const char *)what);
        else if (kind == CLOSE_LIST)
            write_rest(&w, what);
        else
            write_one(&w, what, kind);
    }
}
