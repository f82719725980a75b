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

/* What it says of the commands that run a program, whose statuses are small numbers: as env(1) has it. */
enum run_status {
    OUT_OF_ORDER = 125, /* something of gcalloc's own is missing or cannot be used */
    CANNOT_RUN = 126,   /* the program is there, and is not run */
    NOT_FOUND = 127,
};

/* argv[0] of `run` is the command's name. */
struct command {
    const char *name, *what;
    int (*run)(int argc, char **argv);
};

/* Says on stderr what was wrong, and returns the status. */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Has this done before anything is said on stderr: whoever draws on the terminal gives it back.  NULL: nothing. */
void before_messages(void (*give_back)(void));

/* The program's output is complete; DONE, or FAILED if it could not be written. */
int end_output(void);

/* What stands behind the last slash. */
const char *last_part(const char *path);

/* Writes a text that may hold anything to stdout, so that a terminal obeys nothing in it. */
void print_safely(const char *text);

/* "12.3 MiB", in a buffer of the caller's. */
struct size_text {
    char text[24];
};
struct size_text size_text(size_t bytes);

int live_command(int argc, char **argv);   /* live.c */
int region_command(int argc, char **argv); /* region.c */
int report_command(int argc, char **argv); /* report.c */
int run_command(int argc, char **argv);    /* run.c */

#endif
