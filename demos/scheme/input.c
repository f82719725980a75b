/* Primitives that read from ports, and the input ports in memory. */
#include "port.h"
#include "primitive.h"

#include <string.h>

/* ---- Characters ------------------------------------------------------------------ */

static struct port *text_arg(int argc, value *args, int i)
{
    return input_arg(argc, args, i, TEXTUAL);
}

static value char_or_end(int32_t c)
{
    return c < 0 ? END_OF_FILE : character((uint32_t)c);
}

SIMPLE(p_read_char, char_or_end(port_next(text_arg(argc, args, 0))))
SIMPLE(p_peek_char, char_or_end(port_peek(text_arg(argc, args, 0))))
SIMPLE(p_is_char_ready, boolean(port_ready(text_arg(argc, args, 0))))

PRIMITIVE(p_read_line)
{
    struct port *port = text_arg(argc, args, 0);
    struct text text = {0};
    int32_t c = port_next(port);
    if (c < 0)
        return END_OF_FILE;
    for (; c >= 0 && c != '\n'; c = port_next(port))
        text_add(&text, (uint32_t)c);
    return string_from(text.chars, text.length);
}

/* (read-string k [port]): at most k characters. */
PRIMITIVE(p_read_string)
{
    size_t most = want_index(args[0], 0, SIZE_MAX >> 4);
    struct port *port = text_arg(argc, args, 1);
    struct text text = {0};
    while (text.length < most) {
        int32_t c = port_next(port);
        if (c < 0)
            break;
        text_add(&text, (uint32_t)c);
    }
    return text.length || !most ? string_from(text.chars, text.length) : END_OF_FILE;
}

PRIMITIVE(p_read)
{
    struct port *port = text_arg(argc, args, 0);
    return read_datum(port, port->name, NULL);
}

/* ---- Bytes ----------------------------------------------------------------------- */

static struct port *bytes_arg(int argc, value *args, int i)
{
    return input_arg(argc, args, i, BINARY);
}

PRIMITIVE(p_peek_u8)
{
    struct port *port = bytes_arg(argc, args, 0);
    return port_fill(port, 1) ? fixnum((unsigned char)port->data[port->start])
                              : END_OF_FILE;
}

PRIMITIVE(p_read_u8)
{
    value v = p_peek_u8(argc, args);
    if (v != END_OF_FILE)
        bytes_arg(argc, args, 0)->start++;
    return v;
}

SIMPLE(p_is_u8_ready, boolean(port_ready(bytes_arg(argc, args, 0))))

/* Reads up to `count` bytes; returns how many. */
static size_t read_bytes(struct port *port, unsigned char *to, size_t count)
{
    size_t done = 0;
    while (done < count && port_fill(port, 1)) {
        size_t available = port->end - port->start;
        size_t n = available < count - done ? available : count - done;
        memcpy(to + done, port->data + port->start, n);
        port->start += n;
        done += n;
    }
    return done;
}

/* (read-bytevector k [port]): at most k bytes. */
PRIMITIVE(p_read_bytevector)
{
    size_t most = want_index(args[0], 0, SIZE_MAX >> 4), total = 0, n;
    struct port *port = bytes_arg(argc, args, 1), *bytes = port_new(IN_MEMORY, true);
    unsigned char chunk[4096];
    do {
        size_t rest = most - total;
        n = read_bytes(port, chunk, rest < sizeof chunk ? rest : sizeof chunk);
        for (size_t i = 0; i < n; i++)
            port_put_byte(bytes, chunk[i]);
        total += n;
    } while (n > 0);
    return total || !most ? bytevector_from(bytes->data, total) : END_OF_FILE;
}

/* (read-bytevector! bytevector [port [start [end]]]) */
PRIMITIVE(p_read_bytevector_into)
{
    size_t start, end;
    struct bytevector *b = bytevector_of(want(args[0], TYPE_BYTEVECTOR));
    struct port *port = bytes_arg(argc, args, 1);
    want_range(argc, args, 2, b->length, &start, &end);
    size_t n = read_bytes(port, b->bytes + start, end - start);
    return n || start == end ? fixnum((intptr_t)n) : END_OF_FILE;
}

/* ---- Ports in memory ------------------------------------------------------------- */

PRIMITIVE(p_open_input_string)
{
    const struct string *s = string_of(want(args[0], TYPE_STRING));
    struct port *bytes = port_new(IN_MEMORY, true);
    for (size_t i = 0; i < s->length; i++)
        port_put(bytes, s->chars[i]);
    return &port_on_bytes(bytes->data, bytes->end)->object;
}

PRIMITIVE(p_open_input_bytevector)
{
    const struct bytevector *b = bytevector_of(want(args[0], TYPE_BYTEVECTOR));
    struct bytevector *copy = bytevector_of(bytevector_from(b->bytes, b->length));
    struct port *port = port_on_bytes((const char *)copy->bytes, copy->length);
    port->binary = true;
    return &port->object;
}

SIMPLE(p_eof_object, END_OF_FILE)
SIMPLE(p_is_eof_object, boolean(args[0] == END_OF_FILE))

static const struct definition definitions[] = {
    {"read-char", p_read_char, 0, 1},
    {"peek-char", p_peek_char, 0, 1},
    {"char-ready?", p_is_char_ready, 0, 1},
    {"read-line", p_read_line, 0, 1},
    {"read-string", p_read_string, 1, 2},
    {"read", p_read, 0, 1},
    {"read-u8", p_read_u8, 0, 1},
    {"peek-u8", p_peek_u8, 0, 1},
    {"u8-ready?", p_is_u8_ready, 0, 1},
    {"read-bytevector", p_read_bytevector, 1, 2},
    {"read-bytevector!", p_read_bytevector_into, 1, 4},
};

static const struct definition others[] = {
    {"open-input-string", p_open_input_string, 1, 1},
    {"open-input-bytevector", p_open_input_bytevector, 1, 1},
    {"eof-object", p_eof_object, 0, 0},
    {"eof-object?", p_is_eof_object, 1, 1},
};

void define_input(void)
{
    define_port_primitives(definitions, sizeof definitions / sizeof *definitions,
                           CURRENT_INPUT);
    DEFINE_PRIMITIVES(others);
}
