/* Runs small programs that leak, each in a process of its own whose memory starts empty.
 *
 *   programs          runs all; a line for each says what is to be found:
 *                     NAME PROCESS and pairs of objects and bytes: definite, indirect,
 *                     possible, reachable, kept; then the number of cycles
 *   programs every N  runs one in N of them
 *   programs NAME     runs one, in this process */
#include "programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef WITH_MALLOC
#pragma weak cxx_programs
#define TABLES                                                                          \
    {                                                                                   \
        graph_programs, place_programs, thread_programs, process_programs, cxx_programs \
    }
#else
#define TABLES                         \
    {                                  \
        graph_programs, place_programs \
    }
#endif

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

void print_expected(const struct program *p, const char *part, int process)
{
    const struct amount *a[] = {&p->definite, &p->indirect, &p->possible, &p->reachable,
                                &p->kept};
    char line[400];
    int length = snprintf(line, sizeof line, "%s%s %d", p->name, part, process);
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
    if (waitpid(child, &status, 0) != child || (WIFSIGNALED(status) && !p->signal))
        fprintf(stderr, "%s died: wait status %#x\n", p->name, (unsigned)status);
    else
        print_expected(p, "", child);
}

int main(int argc, char **argv)
{
    const struct program *const tables[] = TABLES;
    int every = argc > 2 && strcmp(argv[1], "every") == 0 ? atoi(argv[2]) : argc < 2;
    int number = 0;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct program *p = tables[t]; p && p->name; p++)
            if (every ? number++ % every == 0 : strcmp(argv[1], p->name) == 0) {
                if (!every)
                    return deeply(p->run), EXIT_SUCCESS;
                run_in_child(p);
            }
    return every ? EXIT_SUCCESS : EXIT_FAILURE;
}
