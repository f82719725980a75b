/* Asking a process that runs with option control. */
#ifndef GCALLOC_TOOLS_LIVE_H
#define GCALLOC_TOOLS_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "top_sites.h"

/* What was answered, with a zero behind it; the caller frees the text. */
struct reply {
    char *text;
    size_t bytes;
};

/* Asks the process, and waits for the answer as long as it takes.  DONE, or it is said what is wrong. */
int live_ask(pid_t process, const char *request, struct reply *r);

/* A command line of numbers and flags. */
struct live_wanted {
    pid_t process;
    bool json, help;
    const char *address; /* of `why` */
    /* Of `top`: seconds between two looks; how many, 0: for ever; places after each line. */
    unsigned long delay, times, sites;
    enum site_key key; /* that places are sorted by */
};

/* The number of a process.  DONE, or it is said what is wrong. */
int live_process(const char *text, pid_t *process);

struct wanted;
int live_leaks(const struct wanted *w);     /* live_leaks.c */
int live_top(const struct live_wanted *w);  /* live_top.c */
int live_why(const struct live_wanted *w);  /* live_why.c */
int live_stat(const struct live_wanted *w); /* live_stat.c */

#endif
