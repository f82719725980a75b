/* Ports, and the primitives for input and output. */
#include "scheme.h"

#include <errno.h>
#include <fcntl.h>
#include <gcalloc/finalizer.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE 16384

struct port *standard_input, *standard_output;

/* ---- Bytes and characters -------------------------------------------------------- */

struct port *port_new(int fd, bool output)
{
    struct port *port = allocate_object(sizeof *port, TYPE_PORT);
    port->output = output;
    port->fd = fd;
    port->capacity = fd < 0 ? 64 : BUFFER_SIZE;
    port->data = allocate_atomic(port->capacity);
    port->line = port->column = 1;
    return port;
}

struct port *port_on_bytes(const char *bytes, size_t length)
{
    struct port *port = allocate_object(sizeof *port, TYPE_PORT);
    port->fd = -1;
    port->data = (char *)(uintptr_t)bytes;
    port->end = length;
    port->line = port->column = 1;
    return port;
}

static void port_close(struct port *port)
{
    if (port->output)
        port_flush(port);
    if (port->fd > STDERR_FILENO) {
        gc_finalizer_set(port, NULL, NULL);
        close(port->fd);
    }
    if (port->fd >= 0)
        port->start = port->end = 0;
    port->fd = -1;
}

/* Makes at least `count` bytes available, if so many are left. */
static size_t port_fill(struct port *port, size_t count)
{
    while (port->end - port->start < count && port->fd >= 0) {
        memmove(port->data, port->data + port->start, port->end - port->start);
        port->end -= port->start;
        port->start = 0;
        ssize_t n = read(port->fd, port->data + port->end, port->capacity - port->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        port->end += (size_t)n;
    }
    return port->end - port->start;
}

/* How many bytes the character has that begins with this one, by UTF-8. */
static size_t sequence_length(unsigned char first)
{
    return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* Decodes the next character and sets *length to that of its bytes; what is not UTF-8
 * gives U+FFFD. */
static int32_t decode(struct port *port, size_t *length)
{
    *length = 1;
    if (port->start == port->end && !port_fill(port, 1))
        return -1;
    unsigned char first = (unsigned char)port->data[port->start];
    if (first < 0x80)
        return first;
    size_t need = sequence_length(first);
    if (need == 1 || port_fill(port, need) < need)
        return 0xFFFD;
    int32_t c = first & (0x7F >> need);
    for (size_t i = 1; i < need; i++) {
        unsigned char next = (unsigned char)port->data[port->start + i];
        if ((next & 0xC0) != 0x80)
            return 0xFFFD;
        c = c << 6 | (next & 0x3F);
    }
    *length = need;
    return c;
}

int32_t port_peek(struct port *port)
{
    size_t length;
    return decode(port, &length);
}

int32_t port_next(struct port *port)
{
    size_t length;
    int32_t c = decode(port, &length);
    if (c < 0)
        return c;
    port->start += length;
    port->column++;
    if (c == '\n') {
        port->line++;
        port->column = 1;
    }
    return c;
}

void port_flush(struct port *port)
{
    size_t done = 0;
    if (port->fd < 0)
        return;
    while (done < port->end) {
        ssize_t n = write(port->fd, port->data + done, port->end - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        done += (size_t)n;
    }
    port->end = 0;
}

static void put_byte(struct port *port, uint32_t byte)
{
    if (port->end == port->capacity && port->fd >= 0)
        port_flush(port);
    if (port->end == port->capacity) {
        char *data = allocate_atomic(port->capacity * 2);
        memcpy(data, port->data, port->end);
        port->data = data;
        port->capacity *= 2;
    }
    port->data[port->end++] = (char)byte;
}

void port_put(struct port *port, uint32_t c)
{
    if (c < 0x80) {
        put_byte(port, c);
        return;
    }
    if (c < 0x800) {
        put_byte(port, 0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            put_byte(port, 0xE0 | c >> 12);
        } else {
            put_byte(port, 0xF0 | c >> 18);
            put_byte(port, 0x80 | (c >> 12 & 0x3F));
        }
        put_byte(port, 0x80 | (c >> 6 & 0x3F));
    }
    put_byte(port, 0x80 | (c & 0x3F));
}

void port_puts(struct port *port, const char *utf8)
{
    for (; *utf8; utf8++)
        put_byte(port, (unsigned char)*utf8);
}

/* ---- Primitives ------------------------------------------------------------------ */

/* The port that the optional argument i names. */
static struct port *port_arg(int argc, value *args, int i, bool output)
{
    if (i >= argc)
        return output ? standard_output : standard_input;
    struct port *port = (struct port *)want(args[i], TYPE_PORT);
    if (port->output != output)
        fail_type(output ? "an output port" : "an input port", args[i]);
    return port;
}

PRIMITIVE(p_display)
{
    print(port_arg(argc, args, 1, true), args[0], false);
    return UNSPECIFIED;
}

PRIMITIVE(p_write)
{
    print(port_arg(argc, args, 1, true), args[0], true);
    return UNSPECIFIED;
}

PRIMITIVE(p_newline)
{
    port_put(port_arg(argc, args, 0, true), '\n');
    return UNSPECIFIED;
}

PRIMITIVE(p_write_char)
{
    port_put(port_arg(argc, args, 1, true), want_char(args[0]));
    return UNSPECIFIED;
}

PRIMITIVE(p_write_string)
{
    print(port_arg(argc, args, 1, true), want(args[0], TYPE_STRING), false);
    return UNSPECIFIED;
}

PRIMITIVE(p_flush)
{
    port_flush(port_arg(argc, args, 0, true));
    return UNSPECIFIED;
}

static value char_or_end(int32_t c)
{
    return c < 0 ? END_OF_FILE : character((uint32_t)c);
}

SIMPLE(p_read_char, char_or_end(port_next(port_arg(argc, args, 0, false))))
SIMPLE(p_peek_char, char_or_end(port_peek(port_arg(argc, args, 0, false))))

PRIMITIVE(p_read_line)
{
    struct port *port = port_arg(argc, args, 0, false);
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
    struct port *port = port_arg(argc, args, 1, false);
    struct text text = {0};
    while (text.length < most) {
        int32_t c = port_next(port);
        if (c < 0)
            break;
        text_add(&text, (uint32_t)c);
    }
    return text.length || !most ? string_from(text.chars, text.length) : END_OF_FILE;
}

SIMPLE(p_read, read_datum(port_arg(argc, args, 0, false), "input", NULL))

/* Of a port that was dropped without having been closed.  It leads to no other port, so no order is
 * needed. */
static void finalize(void *object, void *data)
{
    struct port *port = object;
    (void)data;
    close(port->fd);
    port->fd = -1;
}

/* When there are no descriptors left, dropped ports may have some. */
static int open_file(const char *name)
{
    gc_finalizers_run();
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
        return fd;
    gc_collect();
    gc_finalizers_run();
    return open(name, O_RDONLY | O_CLOEXEC);
}

/* The port is made first: if there is no memory for it no descriptor is lost. */
static struct port *open_input(value name)
{
    const char *path = string_utf8(want(name, TYPE_STRING));
    struct port *port = port_new(INT_MAX, false);
    port->fd = open_file(path);
    if (port->fd < 0)
        fail("%s: %v: %s", vm.primitive->name, name, strerror(errno));
    if (gc_finalizer_set_with(port, finalize, NULL, GC_UNORDERED) == GC_FINALIZER_ERROR) {
        close(port->fd);
        fail_memory();
    }
    return port;
}

SIMPLE(p_open_input_file, &open_input(args[0])->object)

PRIMITIVE(p_open_input_string)
{
    const struct string *s = string_of(want(args[0], TYPE_STRING));
    struct port *bytes = port_new(-1, true);
    for (size_t i = 0; i < s->length; i++)
        port_put(bytes, s->chars[i]);
    return &port_on_bytes(bytes->data, bytes->end)->object;
}

SIMPLE(p_open_output_string, &port_new(-1, true)->object)

PRIMITIVE(p_get_output_string)
{
    struct port *port = port_arg(argc, args, 0, true);
    return string_from_utf8(port->data, port->end);
}

PRIMITIVE(p_close_port)
{
    port_close((struct port *)want(args[0], TYPE_PORT));
    return UNSPECIFIED;
}

SIMPLE(p_file_exists, boolean(!access(string_utf8(want(args[0], TYPE_STRING)), F_OK)))

SIMPLE(p_eof_object, END_OF_FILE)
SIMPLE(p_is_eof_object, boolean(args[0] == END_OF_FILE))
SIMPLE(p_is_port, boolean(has_type(args[0], TYPE_PORT)))

static const struct definition definitions[] = {
    {"display", p_display, 1, 2},
    {"write", p_write, 1, 2},
    {"newline", p_newline, 0, 1},
    {"write-char", p_write_char, 1, 2},
    {"write-string", p_write_string, 1, 2},
    {"flush-output-port", p_flush, 0, 1},
    {"read-char", p_read_char, 0, 1},
    {"peek-char", p_peek_char, 0, 1},
    {"read-line", p_read_line, 0, 1},
    {"read-string", p_read_string, 1, 2},
    {"read", p_read, 0, 1},
    {"open-input-file", p_open_input_file, 1, 1},
    {"open-input-string", p_open_input_string, 1, 1},
    {"open-output-string", p_open_output_string, 0, 0},
    {"get-output-string", p_get_output_string, 1, 1},
    {"close-port", p_close_port, 1, 1},
    {"file-exists?", p_file_exists, 1, 1},
    {"eof-object", p_eof_object, 0, 0},
    {"eof-object?", p_is_eof_object, 1, 1},
    {"port?", p_is_port, 1, 1},
};

void define_ports(void)
{
    standard_input = port_new(STDIN_FILENO, false);
    standard_output = port_new(STDOUT_FILENO, true);
    DEFINE_PRIMITIVES(definitions);
}
