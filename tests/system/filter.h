/* A process in which one system call fails.  It is a child that asks for it itself, at a moment of
 * its choice, for all of its threads; the parent counts the calls, by the kernel's user
 * notification, and answers them.  Where the kernel has no such filters there is none of it. */
#ifndef TESTS_SYSTEM_FILTER_H
#define TESTS_SYSTEM_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct answer {
    long number; /* of the system call */
    int error;
};

/* The calls that fail. */
struct failure {
    const struct answer *answers;
    size_t count; /* 0: none fails */
    unsigned nth; /* the one that fails, from 1; 0: each.  One number only */
    bool traps; /* a signal's handler gives the answer, as in the sandboxes of browsers */
};

enum { NONE = -1 };

/* What became of the child. */
struct outcome {
    int status;    /* as waitpid has it */
    bool hung;     /* it was killed, as it did not end */
    unsigned seen; /* calls that the parent has answered */
    long unknown;  /* a call that is in none of the lists; NONE: there was none */
};

/* The kernel can do it, for this process. */
bool filter_works(void);

/* Runs the body in a child, until it ends.  The calls that are allowed are listed; if no call is
 * to fail, the others are noted. */
struct outcome filter_run(struct failure f, const long *allowed, size_t count,
                          void (*body)(void *), void *argument);

/* For the body: from now on the call fails. */
void filter_begin(void);

#endif
