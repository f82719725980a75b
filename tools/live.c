/* The commands that ask a running program. */
#include "live.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static const struct live_command {
    const char *name, *letters, *what;
    int (*run)(const struct live_wanted *w);
} commands[] = {
    {"stat", "+:jh",
     "usage: gcalloc stat [FLAGS] PID\n"
     "\n"
     "Says what the heap of a running program is like, which was started with --live or "
     "has option\n"
     "control=1.  No thread of it is stopped.\n"
     "\n"
     "  -j, --json                 every number that there is, as JSON\n"
     "  -h, --help                 this text\n"
     "\n"
     "examples:\n"
     "  gcalloc run --live ./server &\n"
     "  gcalloc stat $!\n",
     live_stat},
    {"top", "+:d:n:h",
     "usage: gcalloc top [FLAGS] PID\n"
     "\n"
     "Shows again and again what the heap of a running program is like, which was "
     "started "
     "with --live or\n"
     "has option control=1, and how much it allocates in a second: on a terminal always "
     "in "
     "the same place,\n"
     "else on a line for each time.  No thread of it is stopped.\n"
     "\n"
     "  -d, --delay=SECONDS        between two times; 2\n"
     "  -n, --times=N              so many times; 0, or not given: until it ends\n"
     "  -h, --help                 this text\n"
     "\n"
     "examples:\n"
     "  gcalloc run --live ./server &\n"
     "  gcalloc top $!\n",
     live_top},
    {"why", "+:h",
     "usage: gcalloc why [FLAGS] PID ADDRESS\n"
     "\n"
     "Says what keeps the object around an address of a running program alive, which was "
     "started with\n"
     "--live or has option control=1: the shortest way from a variable, a stack or a "
     "register to it, with\n"
     "the call stacks that allocated what lies on the way; or that nothing does.\n"
     "\n"
     "  -h, --help                 this text\n"
     "\n"
     "examples:\n"
     "  gcalloc leaks --live ./server &\n"
     "  gcalloc why $! 0x7f33c8a01040\n",
     live_why},
};

static const struct live_command *find(const char *name)
{
    const struct live_command *c = commands;
    while (strcmp(c->name, name) != 0)
        c++;
    return c;
}

int live_process(const char *text, pid_t *process)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n == 0 || n > INT_MAX)
        return fail(WRONG_USAGE, "\"%s\" is no number of a process", text);
    *process = (pid_t)n;
    return DONE;
}

/* What follows a flag. */
static int parse_number(const char *flag, unsigned long least, unsigned long *n)
{
    char *end;
    *n = strtoul(optarg, &end, 10);
    if (*optarg >= '0' && *optarg <= '9' && !*end && *n >= least && *n <= 1000000)
        return DONE;
    return fail(WRONG_USAGE, "--%s is a number from %lu to 1000000, not \"%s\"", flag,
                least, optarg);
}

static int parse(const struct live_command *c, struct live_wanted *w, int argc,
                 char **argv)
{
    static const struct option all[] = {{"delay", required_argument, NULL, 'd'},
                                        {"times", required_argument, NULL, 'n'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
    for (int letter; (letter = getopt_long(argc, argv, c->letters, all, NULL)) != -1;) {
        if (letter == 'j')
            w->json = true;
        else if (letter == ':')
            return fail(WRONG_USAGE, "flag %s needs an argument", argv[optind - 1]);
        else if (letter == 'd' || letter == 'n') {
            int status = parse_number(letter == 'd' ? "delay" : "times", letter == 'd',
                                      letter == 'd' ? &w->delay : &w->times);
            if (status != DONE)
                return status;
        } else if (letter == 'h')
            w->help = true;
        else
            return fail(WRONG_USAGE,
                        "gcalloc %s has no flag %s; `gcalloc %s --help` lists them",
                        c->name, argv[optind - 1], c->name);
    }
    if (w->help)
        return DONE;
    if (strcmp(c->name, "why") == 0 && argc - optind == 2)
        w->address = argv[optind + 1];
    else if (strcmp(c->name, "why") == 0)
        return fail(WRONG_USAGE,
                    "gcalloc why needs the number of a process and an address: `gcalloc "
                    "why --help`");
    else if (argc - optind != 1)
        return fail(WRONG_USAGE,
                    "gcalloc %s needs the number of one process: `gcalloc %s --help`",
                    c->name, c->name);
    return live_process(argv[optind], &w->process);
}

int live_command(int argc, char **argv)
{
    const struct live_command *c = find(argv[0]);
    struct live_wanted w = {.delay = 2};
    int status = parse(c, &w, argc, argv);
    if (status == DONE && w.help) {
        fputs(c->what, stdout);
        status = end_output();
    } else if (status == DONE) {
        status = c->run(&w);
    }
    return status;
}
