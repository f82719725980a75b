/* The commands of the program gcalloc, and what they share. */
#ifndef GCALLOC_TOOLS_COMMAND_H
#define GCALLOC_TOOLS_COMMAND_H

#include <stddef.h>

/* What the program's exit status says. */
enum status {
    DONE = 0,
    DAMAGED = 1, /* a check found damage */
    WRONG_USAGE = 2,
    FAILED = 3, /* it could not be done */
};

/* argv[0] of `run` is the command's name. */
struct command {
    const char *name, *what;
    int (*run)(int argc, char **argv);
};

/* Says on stderr what was wrong, and returns the status. */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The program's output is complete; DONE, or FAILED if it could not be written. */
int end_output(void);

/* How many bytes the character has that begins here; 0: none of UTF-8 does (RFC 3629). */
unsigned character_bytes(const unsigned char *p);

/* Writes a text that may hold anything to stdout, so that a terminal obeys nothing in it. */
void print_safely(const char *text);

/* "12.3 MiB", in a buffer of the caller's. */
struct size_text {
    char text[24];
};
struct size_text size_text(size_t bytes);

int region_command(int argc, char **argv);

#endif
