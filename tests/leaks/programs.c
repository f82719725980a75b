/* Runs small programs that leak, each in a process of its own whose memory starts empty.
 *
 *   programs          runs all; a line for each says what is to be found:
 *                     NAME PROCESS and pairs of objects and bytes: definite, indirect,
 *                     possible, reachable, kept; then the number of cycles
 *   programs NAME     runs one, in this process */
#include "programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void *volatile kept[8];

NOINLINE struct node *new_node(struct node *next, struct node *other)
{
    struct node *n = NEW(sizeof *n);
    if (!n)
        abort();
    n->next = next;
    n->other = other;
    return n;
}

NOINLINE struct node *new_list(size_t length)
{
    struct node *list = NULL;
    while (length-- > 0)
        list = new_node(list, NULL);
    return list;
}

NOINLINE struct node *new_ring(size_t length, struct node **last)
{
    struct node *list = *last = new_node(NULL, NULL);
    while (--length > 0)
        list = new_node(list, NULL);
    (*last)->next = list;
    return list;
}

static void print_expected(const struct program *p, int process)
{
    const struct amount *a[] = {&p->definite, &p->indirect, &p->possible, &p->reachable,
                                &p->kept};
    char line[400];
    int length = snprintf(line, sizeof line, "%s %d", p->name, process);
    for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
        length += snprintf(line + length, sizeof line - (size_t)length, " %zu %zu",
                           a[i]->objects, a[i]->bytes);
    length += snprintf(line + length, sizeof line - (size_t)length, " %zu\n", p->cycles);
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        abort();
}

static void run_in_child(const struct program *p)
{
    pid_t child = fork();
    if (child == 0) {
        deeply(p->run);
        exit(EXIT_SUCCESS);
    }
    int status;
    if (waitpid(child, &status, 0) != child || WIFSIGNALED(status))
        fprintf(stderr, "%s died: wait status %#x\n", p->name, (unsigned)status);
    else
        print_expected(p, child);
}

int main(int argc, char **argv)
{
    const struct program *const tables[] = {graph_programs, place_programs};
    for (size_t t = 0; t < 2; t++)
        for (const struct program *p = tables[t]; p->name; p++)
            if (argc < 2)
                run_in_child(p);
            else if (strcmp(argv[1], p->name) == 0)
                return deeply(p->run), EXIT_SUCCESS;
    return argc < 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
