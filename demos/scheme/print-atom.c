/* The printer's text of what has no parts that are values. */
#include "number.h"
#include "print.h"

#include <stdio.h>
#include <string.h>

const struct char_name char_names[] = {
    {"space", ' '},      {"newline", '\n'}, {"tab", '\t'},      {"return", '\r'},
    {"null", 0},         {"delete", 127},   {"escape", 27},     {"alarm", '\a'},
    {"backspace", '\b'}, {"nul", 0},        {"linefeed", '\n'}, {NULL, 0},
};

static bool is_control(uint32_t c)
{
    return c < ' ' || (c >= 0x7F && c < 0xA0);
}

static void put_hex(struct port *port, uint32_t c)
{
    char digits[16];
    snprintf(digits, sizeof digits, "x%x", c);
    port_puts(port, digits);
}

static void print_char(struct port *port, uint32_t c)
{
    port_puts(port, "#\\");
    for (const struct char_name *n = char_names; n->name; n++) {
        if (n->c == c) {
            port_puts(port, n->name);
            return;
        }
    }
    if (is_control(c))
        put_hex(port, c);
    else
        port_put(port, c);
}

/* ---- Strings and symbols --------------------------------------------------------- */

static void put_escaped(struct port *port, uint32_t c)
{
    static const char controls[] = "\a\b\t\n\r", letters[] = "abtnr";
    const char *control = c ? memchr(controls, (int)c, sizeof letters - 1) : NULL;
    port_put(port, '\\');
    if (control) {
        port_put(port, (unsigned char)letters[control - controls]);
    } else if (is_control(c)) {
        put_hex(port, c);
        port_put(port, ';');
    } else {
        port_put(port, c);
    }
}

static void print_quoted(struct port *port, const struct string *s, uint32_t quote)
{
    port_put(port, quote);
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = s->chars[i];
        if (is_control(c) || c == quote || c == '\\')
            put_escaped(port, c);
        else
            port_put(port, c);
    }
    port_put(port, quote);
}

static void print_text(struct port *port, const struct string *s)
{
    for (size_t i = 0; i < s->length; i++)
        port_put(port, s->chars[i]);
}

/* Whether the reader would take the name for something else than this symbol. */
static bool needs_bars(const struct string *name)
{
    for (size_t i = 0; i < name->length; i++) {
        uint32_t c = name->chars[i];
        if (is_control(c) || char_is_space(c) ||
            (c < 0x80 && strchr("()\";'|`,\\", (int)c)) || (c == '#' && i == 0))
            return true;
    }
    return name->length == 0 || (name->length == 1 && name->chars[0] == '.') ||
           number_parse(name->chars, name->length, 10) != FALSE;
}

static void print_symbol(struct port *port, const struct string *name, bool write)
{
    if (write && needs_bars(name))
        print_quoted(port, name, '|');
    else
        print_text(port, name);
}

/* ---- Objects --------------------------------------------------------------------- */

static void print_bytevector(struct port *port, const struct bytevector *b)
{
    port_puts(port, "#u8(");
    for (size_t i = 0; i < b->length; i++) {
        if (i > 0)
            port_put(port, ' ');
        port_puts(port, number_text(fixnum(b->bytes[i]), 10));
    }
    port_put(port, ')');
}

static void print_procedure(struct port *port, value v)
{
    port_puts(port, "#<procedure");
    if (has_type(v, TYPE_PRIMITIVE)) {
        port_put(port, ' ');
        port_puts(port, ((struct primitive *)v)->name);
    } else if (has_type(v, TYPE_CLOSURE) && closure_of(v)->code->name != FALSE) {
        port_put(port, ' ');
        print_text(port, symbol_of(closure_of(v)->code->name)->name);
    }
    port_put(port, '>');
}

static void print_constant(struct port *port, value v)
{
    port_puts(port, v == FALSE         ? "#f"
                    : v == TRUE        ? "#t"
                    : v == NIL         ? "()"
                    : v == END_OF_FILE ? "#<eof>"
                                       : "#<unspecified>");
}

/* Objects of which nothing is shown but what they are.  (A vector is printed as a structure, by print.c.) */
static const char *const opaque[TYPE_COUNT] = {
    [TYPE_TABLE] = "#<hash-table>",
    [TYPE_ENVIRONMENT] = "#<environment>",
    [TYPE_PORT] = "#<port>",
    [TYPE_PROMISE] = "#<promise>",
    [TYPE_CONTINUATION] = "#<continuation>",
    [TYPE_THREAD] = "#<thread>",
    [TYPE_MUTEX] = "#<mutex>",
    [TYPE_CONDITION_VARIABLE] = "#<condition-variable>",
    [TYPE_TIME] = "#<time>",
};

static void print_object(struct port *port, value v, bool write)
{
    switch (v->type) {
    case TYPE_FLONUM:
    case TYPE_BIGNUM:
    case TYPE_RATNUM:
        port_puts(port, number_text(v, 10));
        break;
    case TYPE_STRING:
        if (write)
            print_quoted(port, string_of(v), '"');
        else
            print_text(port, string_of(v));
        break;
    case TYPE_SYMBOL:
        print_symbol(port, symbol_of(v)->name, write);
        break;
    case TYPE_BYTEVECTOR:
        print_bytevector(port, bytevector_of(v));
        break;
    case TYPE_CLOSURE:
    case TYPE_PRIMITIVE:
    case TYPE_CASE_LAMBDA:
        print_procedure(port, v);
        break;
    case TYPE_CONDITION:
        port_puts(port, "#<error ");
        condition_print(port, (struct condition *)v);
        port_put(port, '>');
        break;
    case TYPE_RECORD:
        port_puts(port, "#<");
        print_atom(port, ((struct record *)v)->type->name, false);
        port_put(port, '>');
        break;
    case TYPE_RECORD_TYPE:
        port_puts(port, "#<record-type ");
        print_atom(port, ((struct record_type *)v)->name, false);
        port_put(port, '>');
        break;
    default:
        port_puts(port, opaque[v->type] ? opaque[v->type] : "#<internal>");
        break;
    }
}

void print_atom(struct port *port, value v, bool write)
{
    if (is_fixnum(v)) {
        port_puts(port, number_text(v, 10));
    } else if (is_char(v)) {
        if (write)
            print_char(port, char_of(v));
        else
            port_put(port, char_of(v));
    } else if ((bits(v) & 7) == 0) {
        print_object(port, v, write);
    } else {
        print_constant(port, v);
    }
}
