/* Small graphs whose objects are watched while they end.
 *
 * A node is called by a letter.  The test keeps its address hidden only (../roots/place.h), so that
 * nothing but the graph reaches it, and each finalizer writes down whom it was called for, after it has
 * looked whether all that the node reaches is what it was. */
#ifndef GCALLOC_TESTS_OBJECT_WITNESS_H
#define GCALLOC_TESTS_OBJECT_WITNESS_H

#include <gcalloc/finalizer.h>

#include "../roots/place.h"

enum { NODES = 26, EDGES = 4 };

struct node {
    struct node *to[EDGES];
    size_t letter;
    unsigned char pattern[52];
};

/* By letter - 'a'; hide(NULL), or 0: there is none. */
extern uintptr_t nodes[NODES];

/* A root. */
extern void *kept_nodes[NODES];

/* For use under deeply() only. */
struct node *node_new(char letter);
struct node *node_of(char letter);
void node_link(char from, char to);

/* A finalizer: the letter is written down. */
void witness(void *object, void *data);

/* The letters that were written down since the last call, in alphabetical order. */
const char *witnessed(void);

/* Fails the test unless these nodes are alive, or gone. */
void expect_living(const char *letters);
void expect_gone(const char *letters);

/* Makes a graph: `edges` as "ab bc", and nodes for the letters of the others, of which those in
 * `ordered` and `unordered` have finalizers. */
void graph_make(const char *edges, const char *ordered, const char *unordered);

/* Collects, runs what is ready, and fails the test unless these were finalised. */
void expect_round(const char *letters);

/* Makes the graph, expects these rounds ("a|bc|d") and none after that, and that the nodes in `left` are
 * alive then, and no other. */
void check_graph(const char *edges, const char *ordered, const char *unordered,
                 const char *rounds, const char *left);

/* Runs what is ready, below the frames of collections.  Returns how many. */
size_t run_ready(void);

/* From now on the log goes to a file; how many of its lines have this in them. */
void log_begin(void);
size_t log_count(const char *part);

#endif
