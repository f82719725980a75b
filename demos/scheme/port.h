/* Ports; and the printer and the reader, which work on them. */
#ifndef SCHEME_PORT_H
#define SCHEME_PORT_H

#include "hold.h"

/* Descriptors that are none. */
#define IN_MEMORY (-1)
#define CLOSED (-2)

/* An input or output port over a file descriptor or, IN_MEMORY, over memory. */
struct port {
    struct object object;
    bool output;
    bool binary;
    bool closed;
    bool fold_case; /* input: symbols are read as if in small letters */
    int fd;
    char *data;       /* atomic: UTF-8; input still to come or output not written yet */
    size_t capacity;  /* of data */
    size_t start;     /* input: where the next character begins */
    size_t end;       /* where the data end */
    int line, column; /* input: of the next character */
    const char *name; /* of the file, for messages */
    pthread_mutex_t lock; /* around what primitives do with it */
};

extern struct port *standard_input, *standard_output;

struct port *port_new(int fd, bool output);
struct port *port_on_bytes(const char *bytes, size_t length);
/* The next character, or -1 at the end; port_next also moves past it. */
int32_t port_peek(struct port *port);
int32_t port_next(struct port *port);
void port_put(struct port *port, uint32_t c);
void port_puts(struct port *port, const char *utf8);
/* Whether all could be written. */
bool port_flush(struct port *port);
/* Flushes it under its lock. */
void port_flush_shared(struct port *port);
void port_close(struct port *port);

enum current { CURRENT_INPUT, CURRENT_OUTPUT, CURRENT_ERROR, CURRENT_COUNT };

struct port *port_current(enum current which);

/* ---- print.c, read.c ------------------------------------------------------------- */

/* Which pairs and vectors get labels as in #0=(a . #0#). */
enum labels { LABEL_NOTHING, LABEL_CYCLES, LABEL_SHARED };

void print_labelled(struct port *port, value v, bool write, enum labels labels);
/* Labels cycles. */
void print(struct port *port, value v, bool write);

/* The names that follow #\; the first of a character is the one printed. */
struct char_name {
    const char *name;
    uint32_t c;
};
extern const struct char_name char_names[]; /* ends with a name NULL */

/* Reads a datum, or END_OF_FILE.  `file` is for messages; positions of lists go into
 * `positions` unless that is NULL, packed by position_pack. */
value read_datum(struct port *port, const char *file, struct table *positions);

static inline value position_pack(int line, int column)
{
    return fixnum((intptr_t)line << 32 | column);
}

/* ---- Among the files that implement ports ---------------------------------------- */

enum content { TEXTUAL, BINARY };

/* Takes the port's lock, if there are threads. */
void port_hold(struct hold *hold, struct port *port);
void port_hold_end(struct hold *hold);

/* Primitives that work under the lock of their port, which is the first optional argument, or `otherwise`. */
void define_port_primitives(const struct definition *definitions, size_t count,
                            enum current otherwise);

/* The open port that the optional argument i names, or the current one. */
struct port *input_arg(int argc, value *args, int i, enum content content);
struct port *output_arg(int argc, value *args, int i, enum content content);

/* Makes at least `count` bytes available, if so many are left; returns how many are. */
size_t port_fill(struct port *port, size_t count);
/* Whether a character, or a byte, or the end can be read without waiting. */
bool port_ready(struct port *port);
void port_put_byte(struct port *port, uint32_t byte);
/* Does not flush it. */
void port_release(struct port *port);

void define_input(void);
void define_output(void);
void define_files(void);

#endif
