/* Ports: buffers of bytes over files or memory, and the UTF-8 that textual ones hold. */
#include "port.h"
#include "primitive.h"

#include <errno.h>
#include <gcalloc/finalizer.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE 16384

struct port *standard_input, *standard_output;

struct port *port_new(int fd, bool output)
{
    struct port *port = allocate_object(sizeof *port, TYPE_PORT);
    port->output = output;
    port->fd = fd;
    port->capacity = fd < 0 ? 64 : BUFFER_SIZE;
    port->data = allocate_atomic(port->capacity);
    port->line = port->column = 1;
    port->name = "input";
    return port;
}

struct port *port_on_bytes(const char *bytes, size_t length)
{
    struct port *port = allocate_object(sizeof *port, TYPE_PORT);
    port->fd = IN_MEMORY;
    port->data = (char *)(uintptr_t)bytes;
    port->end = length;
    port->line = port->column = 1;
    port->name = "input";
    return port;
}

/* ---- Input ----------------------------------------------------------------------- */

static _Noreturn void fail_io(const char *what)
{
    fail_file("%s: %s: %s", vm.primitive ? vm.primitive->name : "?", what,
              strerror(errno));
}

size_t port_fill(struct port *port, size_t count)
{
    while (port->end - port->start < count && port->fd >= 0) {
        if (port == standard_input)
            port_flush_shared(standard_output);
        memmove(port->data, port->data + port->start, port->end - port->start);
        port->end -= port->start;
        port->start = 0;
        ssize_t n = read(port->fd, port->data + port->end, port->capacity - port->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            fail_io("cannot read");
        if (n == 0)
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

bool port_ready(struct port *port)
{
    for (;;) {
        size_t available = port->end - port->start;
        size_t need = port->binary || !available
                          ? 1
                          : sequence_length((unsigned char)port->data[port->start]);
        struct pollfd event = {port->fd, POLLIN, 0};
        if (available >= need || port->fd < 0)
            return true;
        if (poll(&event, 1, 0) <= 0)
            return false;
        if (port_fill(port, available + 1) == available)
            return true;
    }
}

/* The code point, or U+FFFD if the bytes are not its only and shortest form. */
static int32_t decode_sequence(const unsigned char *bytes, size_t length)
{
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int32_t c = bytes[0] & (0x7F >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0xFFFD;
        c = c << 6 | (bytes[i] & 0x3F);
    }
    bool valid = c >= least[length] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    return valid ? c : 0xFFFD;
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
    int32_t c = decode_sequence((unsigned char *)port->data + port->start, need);
    if (c != 0xFFFD)
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

/* ---- Output ---------------------------------------------------------------------- */

bool port_flush(struct port *port)
{
    size_t done = 0;
    if (port->fd < 0)
        return true;
    while (done < port->end) {
        ssize_t n = write(port->fd, port->data + done, port->end - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        done += (size_t)n;
    }
    bool complete = done == port->end;
    port->end = 0;
    return complete;
}

void port_put_byte(struct port *port, uint32_t byte)
{
    if (port->end == port->capacity && !port_flush(port))
        fail_io("cannot write");
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
        port_put_byte(port, c);
        return;
    }
    if (c < 0x800) {
        port_put_byte(port, 0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            port_put_byte(port, 0xE0 | c >> 12);
        } else {
            port_put_byte(port, 0xF0 | c >> 18);
            port_put_byte(port, 0x80 | (c >> 12 & 0x3F));
        }
        port_put_byte(port, 0x80 | (c >> 6 & 0x3F));
    }
    port_put_byte(port, 0x80 | (c & 0x3F));
}

void port_puts(struct port *port, const char *utf8)
{
    for (; *utf8; utf8++)
        port_put_byte(port, (unsigned char)*utf8);
}

/* ---- Locks ------------------------------------------------------------------------ */

void port_hold(struct hold *hold, struct port *port)
{
    if (hold_needed)
        hold_begin(hold, &port->lock);
    else
        hold->mutex = NULL;
}

void port_hold_end(struct hold *hold)
{
    if (hold->mutex)
        hold_end(hold);
}

void port_flush_shared(struct port *port)
{
    struct hold hold;
    port_hold(&hold, port);
    port_flush(port);
    port_hold_end(&hold);
}

static value call_locked(int argc, value *args, enum current otherwise)
{
    const struct primitive *primitive = vm.primitive;
    struct hold hold;
    if (!hold_needed)
        return primitive->locked(argc, args);
    struct port *port = argc > primitive->least
                            ? (struct port *)want(args[primitive->least], TYPE_PORT)
                            : port_current(otherwise);
    hold_begin(&hold, &port->lock);
    value result = primitive->locked(argc, args);
    hold_end(&hold);
    return result;
}

SIMPLE(call_input, call_locked(argc, args, CURRENT_INPUT))
SIMPLE(call_output, call_locked(argc, args, CURRENT_OUTPUT))

void define_port_primitives(const struct definition *definitions, size_t count,
                            enum current otherwise)
{
    define_primitives(definitions, count);
    for (size_t i = 0; i < count; i++) {
        value name = symbol(definitions[i].name);
        struct primitive *primitive = (struct primitive *)symbol_of(name)->global;
        primitive->locked = primitive->call;
        primitive->call = otherwise == CURRENT_INPUT ? call_input : call_output;
    }
}

/* ---- Closing --------------------------------------------------------------------- */

void port_release(struct port *port)
{
    port->closed = true;
    if (port->fd > STDERR_FILENO)
        close(port->fd);
    if (port->fd >= 0) {
        port->start = port->end = 0;
        port->fd = CLOSED;
    }
}

void port_close(struct port *port)
{
    bool complete = !port->output || port_flush(port);
    if (port->fd > STDERR_FILENO)
        gc_finalizer_set(port, NULL, NULL);
    port_release(port);
    if (!complete)
        fail_io("cannot write");
}

/* ---- The current ports ----------------------------------------------------------- */

/* Parameter objects. */
static value current[CURRENT_COUNT];

struct port *port_current(enum current which)
{
    return (struct port *)parameter_value(closure_of(current[which]));
}

static void define_current(enum current which, const char *name, struct port *port,
                           value converter)
{
    struct symbol *symbol_of_name = symbol_of(symbol(name));
    current[which] = parameter_new(&port->object, converter);
    symbol_of_name->global = current[which];
    symbol_keep(symbol_of_name);
}

static struct port *check(struct port *port, bool output, enum content content)
{
    value v = &port->object;
    if (port->output != output)
        fail_type(output ? "an output port" : "an input port", v);
    if (port->closed)
        fail("%s: the port is closed", vm.primitive->name);
    if (port->binary != (content == BINARY))
        fail_type(content == BINARY ? "a binary port" : "a textual port", v);
    return port;
}

struct port *input_arg(int argc, value *args, int i, enum content content)
{
    return check(i < argc ? (struct port *)want(args[i], TYPE_PORT)
                          : port_current(CURRENT_INPUT),
                 false, content);
}

struct port *output_arg(int argc, value *args, int i, enum content content)
{
    return check(i < argc ? (struct port *)want(args[i], TYPE_PORT)
                          : port_current(CURRENT_OUTPUT),
                 true, content);
}

/* ---- Primitives for ports of all kinds ------------------------------------------- */

SIMPLE(p_check, want(args[0], TYPE_PORT))

static struct port *want_port(value v)
{
    return (struct port *)want(v, TYPE_PORT);
}

static bool is_port(value v, bool output)
{
    return has_type(v, TYPE_PORT) && ((struct port *)v)->output == output;
}

static bool is_content(value v, bool binary)
{
    return has_type(v, TYPE_PORT) && ((struct port *)v)->binary == binary;
}

static bool is_open(value v, bool output)
{
    if (want_port(v)->output != output)
        fail_type(output ? "an output port" : "an input port", v);
    return !want_port(v)->closed;
}

SIMPLE(p_is_port, boolean(has_type(args[0], TYPE_PORT)))
SIMPLE(p_is_input, boolean(is_port(args[0], false)))
SIMPLE(p_is_output, boolean(is_port(args[0], true)))
SIMPLE(p_is_textual, boolean(is_content(args[0], false)))
SIMPLE(p_is_binary, boolean(is_content(args[0], true)))
SIMPLE(p_is_input_open, boolean(is_open(args[0], false)))
SIMPLE(p_is_output_open, boolean(is_open(args[0], true)))

PRIMITIVE(p_close)
{
    struct hold hold;
    port_hold(&hold, want_port(args[0]));
    port_close(want_port(args[0]));
    port_hold_end(&hold);
    return UNSPECIFIED;
}

PRIMITIVE(p_close_input)
{
    if (!is_port(args[0], false))
        fail_type("an input port", args[0]);
    return p_close(argc, args);
}

PRIMITIVE(p_close_output)
{
    if (!is_port(args[0], true))
        fail_type("an output port", args[0]);
    return p_close(argc, args);
}

static const struct definition definitions[] = {
    {"%check-port", p_check, 1, 1},
    {"port?", p_is_port, 1, 1},
    {"input-port?", p_is_input, 1, 1},
    {"output-port?", p_is_output, 1, 1},
    {"textual-port?", p_is_textual, 1, 1},
    {"binary-port?", p_is_binary, 1, 1},
    {"input-port-open?", p_is_input_open, 1, 1},
    {"output-port-open?", p_is_output_open, 1, 1},
    {"close-port", p_close, 1, 1},
    {"close-input-port", p_close_input, 1, 1},
    {"close-output-port", p_close_output, 1, 1},
};

void define_ports(void)
{
    standard_input = port_new(STDIN_FILENO, false);
    standard_output = port_new(STDOUT_FILENO, true);
    DEFINE_PRIMITIVES(definitions);
    value check = symbol_of(symbol("%check-port"))->global;
    define_current(CURRENT_INPUT, "current-input-port", standard_input, check);
    define_current(CURRENT_OUTPUT, "current-output-port", standard_output, check);
    define_current(CURRENT_ERROR, "current-error-port", port_new(STDERR_FILENO, true),
                   check);
    define_input();
    define_output();
    define_files();
}
