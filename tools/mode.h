/* The commands that run a program with the heap as its malloc, and their flags.  A mode is a set of the
 * library's options, and each flag is one of these options. */
#ifndef GCALLOC_TOOLS_MODE_H
#define GCALLOC_TOOLS_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mode {
    const char *name;
    char letter;         /* in `modes` of a flag */
    const char *options; /* of the library, always set; "" if none are */
    const char *about, *examples;
};

/* NULL: there is no mode of that name. */
const struct mode *mode_find(const char *name);

void mode_print_usage(const struct mode *m); /* to stdout */

enum flag_type {
    FLAG_SET,    /* without an argument: the option is set to `value` */
    FLAG_NUMBER, /* from `least` to `most` */
    FLAG_SIZE,   /* bytes, with an optional K, M, G or T */
    FLAG_CHOICE, /* one of `value`, separated by | */
    FLAG_FILE,
    FLAG_SWITCH,   /* yes, or no: the option is set to 1 or 0 */
    FLAG_CHILDREN, /* yes, or no: the option is set to the number of this process */
    FLAG_OPTIONS,  /* options in the library's own form */
    FLAG_PROCESS,  /* the number of one */
    FLAG_SECONDS,  /* a number of them */
    FLAG_HELP,
};

struct flag {
    const char *name;
    char letter; /* that is its short form; 0: none */
    enum flag_type type;
    const char *modes;    /* letters of those that have it */
    const char *argument; /* as it is called in the help; NULL: none */
    const char *option;   /* that it sets */
    const char *value;
    unsigned long least, most;
    const char *what;
};

extern const struct flag flags[];
extern const size_t flag_count;

bool flag_is_of(const struct flag *f, const struct mode *m);

/* What a command line asks for. */
struct wanted {
    const struct mode *mode;
    char *options;      /* settings of the library, joined by colons */
    const char *report; /* the file for it; NULL: none was named */
    bool help;
    pid_t process;         /* that runs already, and is asked; 0: a program is run */
    unsigned long seconds; /* between two questions; 0: one is asked */
    char letters[32];      /* of the flags that were given, but for those beyond */
    char **program;        /* its name and arguments */
};

/* Adds a setting to the options; a key of NULL: `value` is one or several. */
int mode_add(struct wanted *w, const char *key, const char *value);

/* DONE, or it is said what is wrong. */
int mode_parse(struct wanted *w, int argc, char **argv);

#endif
