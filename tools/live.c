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
    {"top", "+:d:n:k:s:h",
     "usage: gcalloc top [FLAGS] PID\n"
     "\n"
     "Shows again and again what the heap of a running program is like, which was "
     "started with --live or\n"
     "has option control=1, how much it allocates in a second, and, if it was started by "
     "`gcalloc profile`,\n"
     "where: on a terminal as a screen, whose last line has the keys, else on lines.  No "
     "thread of it is\n"
     "stopped.\n"
     "\n"
     "  -d, --delay=SECONDS        between two times; 2\n"
     "  -n, --times=N              so many times, on lines; 0, or not given: until it "
     "ends\n"
     "  -k, --key=KEY              what places are sorted by: rate, live, objects, "
     "allocated or temporary\n"
     "  -s, --sites=N              so many places, on lines\n"
     "  -h, --help                 this text\n"
     "\n"
     "examples:\n"
     "  gcalloc profile --live ./server &\n"
     "  gcalloc top $!\n"
     "  gcalloc top --times=1 --sites=10 --key=live $!\n",
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

static int parse_key(enum site_key *key)
{
    *key = site_key(optarg);
    return *key < SITE_KEYS
               ? DONE
               : fail(WRONG_USAGE,
                      "--key is rate, live, objects, allocated or temporary, not \"%s\"",
                      optarg);
}

/* A flag that the command has. */
static int parse_flag(struct live_wanted *w, int letter)
{
    switch (letter) {
    case 'd':
        return parse_number("delay", 1, &w->delay);
    case 'k':
        return parse_key(&w->key);
    case 'n':
        return parse_number("times", 0, &w->times);
    case 's':
        return parse_number("sites", 0, &w->sites);
    case 'j':
        w->json = true;
        return DONE;
    default:
        w->help = true;
        return DONE;
    }
}

static int parse_flags(const struct live_command *c, struct live_wanted *w, int argc,
                       char **argv)
{
    static const struct option all[] = {{"delay", required_argument, NULL, 'd'},
                                        {"times", required_argument, NULL, 'n'},
                                        {"key", required_argument, NULL, 'k'},
                                        {"sites", required_argument, NULL, 's'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
    int status = DONE;
    for (int letter; status == DONE &&
                     (letter = getopt_long(argc, argv, c->letters, all, NULL)) != -1;) {
        if (letter == ':')
            return fail(WRONG_USAGE, "flag %s needs an argument", argv[optind - 1]);
        if (letter == '?' || !strchr(c->letters + 2, letter))
            return fail(WRONG_USAGE,
                        "gcalloc %s has no flag %s; `gcalloc %s --help` lists them",
                        c->name, argv[optind - 1], c->name);
        status = parse_flag(w, letter);
    }
    return status;
}

static int parse(const struct live_command *c, struct live_wanted *w, int argc,
                 char **argv)
{
    int status = parse_flags(c, w, argc, argv);
    if (status != DONE || w->help)
        return status;
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
