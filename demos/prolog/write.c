/* The writer: terms to text, with operators, and with spaces only where two tokens would
 * become one. What is still to be written is on a list, so that it is not C's stack that bounds
 * the depth of terms. */
#include "prolog.h"

#include <ctype.h>
#include <string.h>

/* What is to be written: a term of some priority, or a text. */
struct writer {
    struct stream *stream;
    struct worklist todo; /* pairs */
    int flags;
    int last; /* the character written last */
};

enum { TEXT = -1, CLOSE_LIST = -2 };

static bool is_alphanumeric(int c)
{
    return c == '_' || c > 127 || (c > 0 && isalnum(c));
}

static void put_token(struct writer *w, const char *text)
{
    int first = (unsigned char)*text;
    bool joins = (is_alphanumeric(w->last) && is_alphanumeric(first)) ||
                 (is_symbol_char(w->last) && is_symbol_char(first));
    if (joins)
        stream_put(w->stream, ' ');
    stream_puts(w->stream, text);
    if (*text)
        w->last = (unsigned char)text[strlen(text) - 1];
}

static void put_char(struct writer *w, int c)
{
    stream_put(w->stream, c);
    w->last = c;
}

/* ---- Atoms ------------------------------------------------------------------------- */

bool is_solo_atom(const char *text)
{
    static const char *const solo[] = {"[]", "!", ";", "{}"};
    const char *p = text;
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

static char *quoted_text(const char *text)
{
    static const char plain[] = "\a\b\f\n\r\t\v\\'", names[] = "abfnrtv\\'";
    char *out = allocate_atomic(4 * strlen(text) + 3), *p = out;
    *p++ = '\'';
    for (; *text; text++) {
        const char *special = strchr(plain, *text);
        if (special) {
            *p++ = '\\';
            *p++ = names[special - plain];
        } else if ((unsigned char)*text < ' ') {
            p += sprintf(p, "\\%o\\", *text);
        } else {
            *p++ = *text;
        }
    }
    *p++ = '\'';
    *p = '\0';
    return out;
}

static void put_atom(struct writer *w, const struct atom *a)
{
    put_token(w, w->flags & QUOTED && !is_solo_atom(a->text) ? quoted_text(a->text)
                                                             : a->text);
}

static bool is_operator(const struct atom *a)
{
    return a->operators[PREFIX].priority || a->operators[INFIX].priority ||
           a->operators[POSTFIX].priority;
}

static void put_operand_atom(struct writer *w, const struct atom *a, int priority)
{
    bool wrapped = is_operator(a) && priority < 999;
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
    snprintf(text, sizeof text, "_G%lu", (unsigned long)(t & 0xffffffffff) >> 3);
    put_token(w, text);
}

static void put_box(struct writer *w, term t)
{
    static const char *const names[] = {"", "", "stream", "clause", "cursor", "bag"};
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

static void write_prefix(struct writer *w, term t, struct operator o, int priority)
{
    const struct atom *name = functor_at(t)->name;
    term operand = argument(t, 0);
    open_if(w, o.priority > priority);
    later_term(w, operand, o.priority - o.right);
    put_atom(w, name);
    bool operator_operand = tag_of(operand) == ATOM && is_operator(atom_at(operand));
    bool number = is_number(operand) && (name == atoms.minus || name == atoms.plus);
    bool parenthesis =
        is_compound(operand) && tag_of(operand) == STRUCTURE &&
        functor_at(operand)->name->operators[INFIX].priority > o.priority - o.right &&
        functor_at(operand)->arity == 2;
    bool nested =
        tag_of(operand) == STRUCTURE && functor_at(operand)->arity <= 2 &&
        functor_at(operand)->name->operators[PREFIX].priority > o.priority - o.right;
    if (operator_operand || number || parenthesis || nested)
        put_char(w, ' ');
}

static void write_infix(struct writer *w, term t, struct operator o, int priority)
{
    const struct atom *name = functor_at(t)->name;
    bool spaced = isalpha((unsigned char)name->text[0]);
    open_if(w, o.priority > priority);
    later_term(w, argument(t, 1), o.priority - o.right);
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
    later_term(w, argument(t, 0), o.priority - o.left);
}

static void write_postfix(struct writer *w, term t, struct operator o, int priority)
{
    open_if(w, o.priority > priority);
    push(&w->todo, atom(functor_at(t)->name));
    push(&w->todo, (word)1200);
    later_term(w, argument(t, 0), o.priority - o.left);
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

static void write_structure(struct writer *w, term t, int priority)
{
    const struct functor *f = functor_at(t);
    const struct operator* o = f->name->operators;
    if (w->flags & NUMBER_VARS && f->name == atoms.var && f->arity == 1 &&
        tag_of(argument(t, 0)) == INTEGER && integer_of(argument(t, 0)) >= 0) {
        write_numbered(w, integer_of(argument(t, 0)));
    } else if (w->flags & IGNORE_OPS) {
        write_canonical(w, t);
    } else if (f->name == atoms.curly && f->arity == 1) {
        put_char(w, '{');
        later_text(w, "}");
        later_term(w, argument(t, 0), 1200);
    } else if (f->arity == 2 && o[INFIX].priority) {
        write_infix(w, t, o[INFIX], priority);
    } else if (f->arity == 1 && o[PREFIX].priority) {
        write_prefix(w, t, o[PREFIX], priority);
    } else if (f->arity == 1 && o[POSTFIX].priority) {
        write_postfix(w, t, o[POSTFIX], priority);
    } else {
        write_canonical(w, t);
    }
}

static void write_one(struct writer *w, term t, int priority)
{
    t = deref(t);
    switch (tag_of(t)) {
    case REFERENCE:
        put_variable(w, t);
        break;
    case ATOM:
        put_operand_atom(w, atom_at(t), priority);
        break;
    case LIST:
        write_list(w, t);
        break;
    case STRUCTURE:
        write_structure(w, t, priority);
        break;
    default:
        if (is_number(t))
            put_token(w, number_text(t));
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
