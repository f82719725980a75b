/* The command gcalloc: runs programs with the heap as their malloc, and looks at heaps from outside. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "nearest.h"

static const struct command commands[] = {
    {"leaks", "run a program, and say at its end what leaked", run_command},
    {"guard", "run a program, and report overflows and bad frees", run_command},
    {"collect", "run a program, and reclaim what it forgets to free", run_command},
    {"run", "run a program with this heap as its malloc (also: malloc)", run_command},
    {"profile", "run a program, and record who allocates and who holds", run_command},
    {"report", "say what a recording tells", report_command},
    {"stat", "say what a running program's heap is like", live_command},
    {"top", "show again and again what a running program's heap is like", live_command},
    {"why", "say what keeps an object of a running program alive", live_command},
    {"region", "look at heaps that processes share", region_command},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_usage(FILE *out)
{
    fputs("usage: gcalloc COMMAND [FLAGS] [--] PROGRAM [ARGUMENTS]\n"
          "       gcalloc report [FLAGS] FILE\n"
          "       gcalloc stat [FLAGS] PID\n"
          "       gcalloc top [FLAGS] PID\n"
          "       gcalloc why PID ADDRESS\n"
          "       gcalloc region COMMAND ...\n\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
    fputs("\n`gcalloc COMMAND --help` has the flags of each, with examples; gcalloc(1) "
          "says more.\n"
          "\n"
          "examples:\n"
          "  gcalloc leaks ./prog\n"
          "  gcalloc guard -o report.txt ./prog --its-own-flag\n",
          out);
}

static const struct command *find(const char *name)
{
    if (strcmp(name, "malloc") == 0)
        name = "run";
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static int refuse(const char *name)
{
    struct nearest n = {.wanted = name};
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_try(&n, commands[i].name);
    if (strchr(name, '/'))
        return fail(WRONG_USAGE,
                    "there is no command %s; `gcalloc leaks %s` looks for its leaks",
                    name, name);
    return fail(WRONG_USAGE, "there is no command %s%s%s%s; `gcalloc --help` lists them",
                name, n.name ? " (did you mean " : "", n.name ? n.name : "",
                n.name ? "?)" : "");
}

/* `gcalloc help`, and `gcalloc help COMMAND`. */
static int help(int argc, char **argv)
{
    if (argc < 2)
        return print_usage(stdout), end_output();
    const struct command *c = find(argv[1]);
    char name[] = "--help", *of_command[] = {argv[1], name, NULL};
    return c ? c->run(2, of_command) : refuse(argv[1]);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name)
        return print_usage(stderr), WRONG_USAGE;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return print_usage(stdout), end_output();
    if (strcmp(name, "help") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0)
        return puts(PACKAGE_STRING), end_output();
    const struct command *c = find(name);
    return c ? c->run(argc - 1, argv + 1) : refuse(name);
}
