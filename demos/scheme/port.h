/* Ports, among the files that implement them. */
#ifndef SCHEME_PORT_H
#define SCHEME_PORT_H

#include "scheme.h"

/* Descriptors that are none. */
#define IN_MEMORY (-1)
#define CLOSED (-2)

enum content { TEXTUAL, BINARY };

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
