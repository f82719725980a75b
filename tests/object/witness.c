/* Graphs from text, and what their finalizers have seen. */
#include "witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uintptr_t nodes[NODES];
void *kept_nodes[NODES];

static struct {
    size_t counts[NODES]; /* how often each was written down */
    char text[4 * NODES];
} seen;

/* ---- Nodes --------------------------------------------------------------------------------- */

static bool is_letter(char letter)
{
    return letter >= 'a' && letter <= 'z';
}

struct node *node_of(char letter)
{
    ck_assert(is_letter(letter));
    uintptr_t hidden = nodes[letter - 'a'];
    return hidden ? reveal(hidden) : NULL;
}

struct node *node_new(char letter)
{
    struct node *n = gc_alloc(sizeof *n);
    ck_assert_ptr_nonnull(n);
    n->letter = (size_t)(letter - 'a');
    write_pattern(n->pattern, sizeof n->pattern, n->letter);
    nodes[letter - 'a'] = hide(n);
    return n;
}

void node_link(char from, char to)
{
    struct node *n = node_of(from);
    for (size_t i = 0; i < EDGES; i++) {
        if (n->to[i])
            continue;
        n->to[i] = node_of(to);
        return;
    }
    ck_abort_msg("too many edges from %c", from);
}

static void check_reached(const struct node *n, bool *visited)
{
    if (!n || visited[n->letter])
        return;
    ck_assert_msg(n->letter < NODES &&
                      has_pattern(n->pattern, sizeof n->pattern, n->letter),
                  "a finalizer sees what is no node any more");
    visited[n->letter] = true;
    for (size_t i = 0; i < EDGES; i++)
        check_reached(n->to[i], visited);
}

void witness(void *object, void *data)
{
    const struct node *n = object;
    bool visited[NODES] = {false};
    (void)data;
    check_reached(n, visited);
    seen.counts[n->letter]++;
}

const char *witnessed(void)
{
    size_t length = 0;
    for (size_t i = 0; i < NODES; i++)
        for (; seen.counts[i] > 0; seen.counts[i]--) {
            ck_assert_uint_lt(length, sizeof seen.text - 1);
            seen.text[length++] = (char)('a' + (int)i);
        }
    seen.text[length] = 0;
    return seen.text;
}

/* ---- Life ---------------------------------------------------------------------------------- */

static bool lives(char letter)
{
    return count_living(&nodes[letter - 'a'], 1) == 1;
}

void expect_living(const char *letters)
{
    for (; *letters; letters++)
        ck_assert_msg(lives(*letters), "%c is gone", *letters);
}

void expect_gone(const char *letters)
{
    for (; *letters; letters++)
        ck_assert_msg(!lives(*letters), "%c is alive", *letters);
}

/* ---- Graphs ---------------------------------------------------------------------------------- */

struct graph {
    const char *edges, *ordered, *unordered;
};

static void make_nodes(const char *letters)
{
    for (; *letters; letters++)
        if (is_letter(*letters) && !node_of(*letters))
            node_new(*letters);
}

/* Nothing of the graph is reachable while it is made. */
static void make(void *argument)
{
    const struct graph *g = argument;
    gc_disable();
    make_nodes(g->edges);
    make_nodes(g->ordered);
    make_nodes(g->unordered);
    for (const char *e = g->edges; *e; e += e[2] ? 3 : 2)
        node_link(e[0], e[1]);
    for (const char *l = g->ordered; *l; l++)
        gc_finalizer_set(node_of(*l), witness, NULL);
    for (const char *l = g->unordered; *l; l++)
        gc_finalizer_set_with(node_of(*l), witness, NULL, GC_UNORDERED);
    gc_enable();
}

void graph_make(const char *edges, const char *ordered, const char *unordered)
{
    memset(nodes, 0, sizeof nodes);
    deeply(make, &(struct graph){edges, ordered, unordered});
}

static void run(void *count)
{
    *(size_t *)count = gc_finalizers_run();
}

size_t run_ready(void)
{
    size_t count;
    deeply(run, &count);
    return count;
}

void expect_round(const char *letters)
{
    collect(1);
    ck_assert_str_eq(witnessed(), "");
    ck_assert_uint_eq(gc_finalizers_ready(), strlen(letters));
    ck_assert_uint_eq(run_ready(), strlen(letters));
    ck_assert_str_eq(witnessed(), letters);
}

static void expect_left(const char *left)
{
    for (char letter = 'a'; letter <= 'z'; letter++)
        if (nodes[letter - 'a'])
            ck_assert_msg(lives(letter) == (strchr(left, letter) != NULL), "%c is %s",
                          letter, lives(letter) ? "alive" : "gone");
}

void check_graph(const char *edges, const char *ordered, const char *unordered,
                 const char *rounds, const char *left)
{
    char copy[4 * NODES], *rest = copy;
    graph_make(edges, ordered, unordered);
    snprintf(copy, sizeof copy, "%s", rounds);
    for (char *round; (round = strsep(&rest, "|"));)
        expect_round(round);
    for (int i = 0; i < 3; i++)
        expect_round("");
    expect_left(left);
}

/* ---- The log ------------------------------------------------------------------------------- */

static char log_path[] = "/tmp/gcalloc-object.XXXXXX";

static void remove_log(void)
{
    unlink(log_path);
}

void log_begin(void)
{
    int file = mkstemp(log_path);
    ck_assert_int_ge(file, 0);
    close(file);
    atexit(remove_log);
    ck_assert_int_eq(gc_option_set("log_file", log_path), 0);
}

size_t log_count(const char *part)
{
    char line[512];
    size_t count = 0;
    FILE *f = fopen(log_path, "r");
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f))
        count += strstr(line, part) != NULL;
    fclose(f);
    return count;
}
