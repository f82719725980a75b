/* Primitives that write to ports, and the output ports in memory. */
#include "port.h"
#include "primitive.h"

#include <string.h>
#include <unistd.h>

static struct port *text_arg(int argc, value *args, int i)
{
    return output_arg(argc, args, i, TEXTUAL);
}

static struct port *bytes_arg(int argc, value *args, int i)
{
    return output_arg(argc, args, i, BINARY);
}

/* What goes to the standard error is seen at once. */
static value written(struct port *port)
{
    if (port->fd == STDERR_FILENO)
        port_flush(port);
    return UNSPECIFIED;
}

/* ---- Data ------------------------------------------------------------------------ */

static value print_to(int argc, value *args, bool write, enum labels labels)
{
    struct port *port = text_arg(argc, args, 1);
    print_labelled(port, args[0], write, labels);
    return written(port);
}

SIMPLE(p_display, print_to(argc, args, false, LABEL_CYCLES))
SIMPLE(p_write, print_to(argc, args, true, LABEL_CYCLES))
SIMPLE(p_write_shared, print_to(argc, args, true, LABEL_SHARED))
SIMPLE(p_write_simple, print_to(argc, args, true, LABEL_NOTHING))

/* ---- Characters ------------------------------------------------------------------ */

PRIMITIVE(p_newline)
{
    struct port *port = text_arg(argc, args, 0);
    port_put(port, '\n');
    return written(port);
}

PRIMITIVE(p_write_char)
{
    struct port *port = text_arg(argc, args, 1);
    port_put(port, want_char(args[0]));
    return written(port);
}

/* (write-string string [port [start [end]]]) */
PRIMITIVE(p_write_string)
{
    size_t start, end;
    const struct string *s = string_of(want(args[0], TYPE_STRING));
    struct port *port = text_arg(argc, args, 1);
    want_range(argc, args, 2, s->length, &start, &end);
    for (size_t i = start; i < end; i++)
        port_put(port, s->chars[i]);
    return written(port);
}

/* ---- Bytes ----------------------------------------------------------------------- */

PRIMITIVE(p_write_u8)
{
    struct port *port = bytes_arg(argc, args, 1);
    port_put_byte(port, want_byte(args[0]));
    return written(port);
}

/* (write-bytevector bytevector [port [start [end]]]) */
PRIMITIVE(p_write_bytevector)
{
    size_t start, end;
    const struct bytevector *b = bytevector_of(want(args[0], TYPE_BYTEVECTOR));
    struct port *port = bytes_arg(argc, args, 1);
    want_range(argc, args, 2, b->length, &start, &end);
    for (size_t i = start; i < end; i++)
        port_put_byte(port, b->bytes[i]);
    return written(port);
}

PRIMITIVE(p_flush)
{
    bool binary =
        argc > 0 && has_type(args[0], TYPE_PORT) && ((struct port *)args[0])->binary;
    if (!port_flush(output_arg(argc, args, 0, binary ? BINARY : TEXTUAL)))
        fail("flush-output-port: cannot write");
    return UNSPECIFIED;
}

/* ---- Ports in memory ------------------------------------------------------------- */

SIMPLE(p_open_output_string, &port_new(IN_MEMORY, true)->object)

PRIMITIVE(p_open_output_bytevector)
{
    struct port *port = port_new(IN_MEMORY, true);
    port->binary = true;
    return &port->object;
}

static struct port *want_memory_port(value v, bool binary, const char *expected)
{
    struct port *port = (struct port *)want(v, TYPE_PORT);
    if (!port->output || port->fd != IN_MEMORY || port->binary != binary)
        fail_type(expected, v);
    return port;
}

static value content_of(struct port *port)
{
    struct hold hold;
    port_hold(&hold, port);
    value content = port->binary ? bytevector_from(port->data, port->end)
                                 : string_from_utf8(port->data, port->end);
    port_hold_end(&hold);
    return content;
}

SIMPLE(p_get_output_string,
       content_of(want_memory_port(args[0], false, "a string output port")))
SIMPLE(p_get_output_bytevector,
       content_of(want_memory_port(args[0], true, "a bytevector output port")))

static const struct definition definitions[] = {
    {"display", p_display, 1, 2},
    {"write", p_write, 1, 2},
    {"write-shared", p_write_shared, 1, 2},
    {"write-simple", p_write_simple, 1, 2},
    {"newline", p_newline, 0, 1},
    {"write-char", p_write_char, 1, 2},
    {"write-string", p_write_string, 1, 4},
    {"write-u8", p_write_u8, 1, 2},
    {"write-bytevector", p_write_bytevector, 1, 4},
    {"flush-output-port", p_flush, 0, 1},
};

static const struct definition others[] = {
    {"open-output-string", p_open_output_string, 0, 0},
    {"open-output-bytevector", p_open_output_bytevector, 0, 0},
    {"get-output-string", p_get_output_string, 1, 1},
    {"get-output-bytevector", p_get_output_bytevector, 1, 1},
};

void define_output(void)
{
    define_port_primitives(definitions, sizeof definitions / sizeof *definitions,
                           CURRENT_OUTPUT);
    DEFINE_PRIMITIVES(others);
}
