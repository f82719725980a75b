/* The printer: pairs and vectors, on a stack of its own, so that any depth can be printed. */
#include "print.h"
#include "number.h"

#include <string.h>

/* What is still to be printed of a structure that has been begun. */
struct level {
    enum { REST_OF_LIST, VECTOR_ITEMS, END_OF_TAIL } kind;
    value v; /* the rest of the list, or the vector */
    size_t next;
};

struct printer {
    struct port *port;
    bool write;
    struct table *labels; /* NULL: there are none */
    intptr_t label_count;
    struct level *stack;
    size_t depth, capacity;
};

static void push(struct printer *p, struct level level)
{
    if (p->depth == p->capacity) {
        struct level *stack = allocate(p->capacity * 2 * sizeof *stack);
        memcpy(stack, p->stack, p->depth * sizeof *stack);
        p->stack = stack;
        p->capacity *= 2;
    }
    p->stack[p->depth++] = level;
}

static bool has_label(const struct printer *p, value v)
{
    return p->labels && table_get(p->labels, v, NULL);
}

/* Prints the label of a structure that has one, and tells whether that is all. */
static bool print_label(struct printer *p, value v)
{
    if (!has_label(p, v))
        return false;
    value number = table_get(p->labels, v, FALSE);
    bool known = number != FALSE;
    if (!known) {
        number = fixnum(p->label_count++);
        table_put(p->labels, v, number);
    }
    port_put(p->port, '#');
    port_puts(p->port, number_text(number, 10));
    port_put(p->port, known ? '#' : '=');
    return known;
}

/* The reader's abbreviation of a list (quote x) and the like, or NULL. */
static const char *abbreviation(value list)
{
    static _Thread_local value names[4];
    static const char *const marks[4] = {"'", "`", ",", ",@"};
    if (!names[0]) {
        names[0] = symbol("quote");
        names[1] = symbol("quasiquote");
        names[2] = symbol("unquote");
        names[3] = symbol("unquote-splicing");
    }
    if (!is_pair(cdr(list)) || cdr(cdr(list)) != NIL)
        return NULL;
    for (int i = 0; i < 4; i++) {
        if (car(list) == names[i])
            return marks[i];
    }
    return NULL;
}

/* Prints the beginning of a pair; returns what comes next, of which the rest follows. */
static value begin_pair(struct printer *p, value pair)
{
    const char *mark = abbreviation(pair);
    if (mark && !has_label(p, cdr(pair))) {
        port_puts(p->port, mark);
        return car(cdr(pair));
    }
    port_put(p->port, '(');
    push(p, (struct level){REST_OF_LIST, cdr(pair), 0});
    return car(pair);
}

/* Prints a datum up to the first place where the stack says how to go on. */
static void begin(struct printer *p, value v)
{
    while (is_pair(v)) {
        if (print_label(p, v))
            return;
        v = begin_pair(p, v);
    }
    if (!has_type(v, TYPE_VECTOR)) {
        print_atom(p->port, v, p->write);
    } else if (!print_label(p, v)) {
        port_puts(p->port, "#(");
        push(p, (struct level){VECTOR_ITEMS, v, 0});
    }
}

static void end(struct printer *p)
{
    port_put(p->port, ')');
    p->depth--;
}

static void continue_list(struct printer *p, struct level *level)
{
    value rest = level->v;
    if (rest == NIL) {
        end(p);
    } else if (is_pair(rest) && !has_label(p, rest)) {
        port_put(p->port, ' ');
        level->v = cdr(rest);
        begin(p, car(rest));
    } else {
        port_puts(p->port, " . ");
        level->kind = END_OF_TAIL;
        begin(p, rest);
    }
}

static void continue_vector(struct printer *p, struct level *level)
{
    const struct vector *v = vector_of(level->v);
    if (level->next == v->length) {
        end(p);
        return;
    }
    if (level->next > 0)
        port_put(p->port, ' ');
    begin(p, v->items[level->next++]);
}

void print_labelled(struct port *port, value v, bool write, enum labels labels)
{
    struct level first[16];
    struct printer p = {.port = port, .write = write, .stack = first};
    p.capacity = sizeof first / sizeof *first;
    p.labels = labels_find(v, labels);
    begin(&p, v);
    while (p.depth > 0) {
        struct level *top = &p.stack[p.depth - 1];
        if (top->kind == REST_OF_LIST)
            continue_list(&p, top);
        else if (top->kind == VECTOR_ITEMS)
            continue_vector(&p, top);
        else
            end(&p);
    }
}

void print(struct port *port, value v, bool write)
{
    print_labelled(port, v, write, LABEL_CYCLES);
}
