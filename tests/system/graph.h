/* A program that has one object of a graph in every place where the collector must look, and
 * nowhere else, and that collects and allocates meanwhile.  It is no test: it says what it lost. */
#ifndef TESTS_SYSTEM_GRAPH_H
#define TESTS_SYSTEM_GRAPH_H

/* When the process says that its calls are to fail. */
enum graph_moment { BEFORE_FIRST_USE, WHEN_BUILT };

struct graph_run {
    enum graph_moment moment;
    const char *options; /* GCALLOC_OPTIONS */
    int reports;         /* leaks are looked for at the end */
    void (*begin)(void); /* is called then */
    int once;            /* one call fails only: afterwards everything works */
    char *said;          /* what went wrong, in memory that outlives the process */
    unsigned said_bytes;
};

/* The whole program, for a process of its own: it ends the process, with 0 if nothing was lost. */
void graph_run(void *run);

#endif
