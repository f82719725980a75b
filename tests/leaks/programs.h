/* The table of small programs, and what they share. */
#ifndef GCALLOC_TESTS_LEAKS_PROGRAMS_H
#define GCALLOC_TESTS_LEAKS_PROGRAMS_H

#include <stddef.h>
#include <stdint.h>

#include "deeply.h"
#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

struct amount {
    size_t objects, bytes;
};

/* A program leaves behind what it says here: definite, indirect, possible leaks, and what
 * is still reachable.  `kept`: what the definite leaks keep, each alone. */
struct program {
    const char *name;
    void (*run)(void);
    struct amount definite, indirect, possible, reachable, kept;
    size_t cycles;
    int signal; /* that ends it, unless somebody else has a handler for it; 0: none */
};

struct node {
    struct node *next, *other;
    char data[24];
};

enum { NODE = sizeof(struct node) };

/* Static data: what it points to is reachable. */
extern void *volatile kept[8];

/* A node that points to these two. */
struct node *new_node(struct node *next, struct node *other);

/* A list of so many nodes. */
struct node *new_list(size_t length);

/* A ring of so many nodes; returns the first, and in *last the last. */
struct node *new_ring(size_t length, struct node **last);

/* Prints the line that says what is to be found of a process; `part`: what the name ends with. */
void print_expected(const struct program *p, const char *part, int process);

extern const struct program graph_programs[], place_programs[];

/* Those of malloc alone. */
extern const struct program thread_programs[], process_programs[], cxx_programs[];

#ifdef __cplusplus
}
#endif

#endif
