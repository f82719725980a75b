/* The command gcalloc: looks at heaps from outside. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct command commands[] = {
    {"region", "regions: heaps that processes share, in shared memory or in files",
     region_command},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_usage(FILE *out)
{
    fputs("usage: gcalloc COMMAND ...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
    fputs("\n`gcalloc COMMAND --help` says more of each; so does the manual page "
          "gcalloc(1).\n",
          out);
}

static int help(void)
{
    print_usage(stdout);
    return end_output();
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name)
        return print_usage(stderr), WRONG_USAGE;
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0)
        return help();
    if (strcmp(name, "--version") == 0)
        return puts(PACKAGE_STRING), end_output();
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return fail(WRONG_USAGE, "there is no command %s; `gcalloc --help` lists them", name);
}
