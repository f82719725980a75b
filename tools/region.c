/* gcalloc region: options, the table of its commands, and what they share. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "region.h"

struct region_command_of {
    const char *name, *what;
    const char *options; /* letters of those that it has */
    int (*run)(const struct request *q);
};

static const struct region_command_of commands[] = {
    {"ls", "the regions in shared memory: size, processes, state", "j", region_ls},
    {"stat", "numbers of a region, and the processes that have it", "jf", region_stat},
    {"check", "looks whether it is sound; exit status 1 if it is damaged", "jf",
     region_check},
    {"collect", "collects its garbage, and says what was reclaimed", "jf",
     region_collect},
    {"dump", "every object, garbage among them: offset, size, kind", "jfc", region_dump},
    {"roots", "the named roots, and the objects that they lead to", "jf", region_roots},
    {"map", "draws how full the heap is, and where", "jfsw", region_map},
    {"rm", "removes the name", "jfF", region_rm},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},      {"file", no_argument, NULL, 'f'},
    {"contents", no_argument, NULL, 'c'},  {"force", no_argument, NULL, 'F'},
    {"svg", required_argument, NULL, 's'}, {"width", required_argument, NULL, 'w'},
    {"help", no_argument, NULL, 'h'},      {NULL, 0, NULL, 0},
};

/* ---- What the commands share ------------------------------------------------------------------------ */

static const char *advice(int error)
{
    switch (error) {
    case ENOENT:
        return "`gcalloc region ls` lists the regions in shared memory; those have names "
               "such as /cache, anything else is the path of a file";
    case EACCES:
    case EPERM:
        return "run this as its owner, or have the owner change its mode";
    case EPROTO:
        return "use the gcalloc of the library that has made it";
    case EBADMSG:
        return "`gcalloc region check` says more of a region that is damaged";
    case EBUSY:
    case EEXIST:
    case ETIMEDOUT:
    case EAGAIN:
        return "try it again";
    default:
        return NULL;
    }
}

int fail_with(const struct request *q)
{
    const char *what_to_do = advice(errno);
    const char *said = gc_region_error();
    return fail(FAILED, "%s%s%s%s", *said ? said : q->name, what_to_do ? " (" : "",
                what_to_do ? what_to_do : "", what_to_do ? ")" : "");
}

gc_region *open_to_read(const struct request *q)
{
    gc_region *r = gc_region_open(q->name, q->flags | GC_REGION_READ_ONLY);
    if (!r)
        fail_with(q);
    return r;
}

const char *state_text(enum gc_region_state state)
{
    switch (state) {
    case GC_REGION_SOUND:
        return "sound";
    case GC_REGION_SUSPECT:
        return "to be recovered";
    case GC_REGION_UNMADE:
        return "unfinished";
    case GC_REGION_DAMAGED:
        return "damaged";
    default:
        return "another version's";
    }
}

const char *kind_text(bool atomic)
{
    return atomic ? "atomic" : "scanned";
}

/* ---- Options ---------------------------------------------------------------------------------------- */

static void print_usage(FILE *out)
{
    fputs("usage: gcalloc region COMMAND [NAME] [OPTION...]\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
    fputs("\nNAME is that of shared memory if it is a slash and no other, as in /cache, "
          "and\n"
          "else the path of a file.\n\n"
          "  --json         JSON rather than text\n"
          "  --file         NAME is a file, whatever it looks like\n"
          "  --contents     of dump: what is in the objects, too\n"
          "  --svg FILE     of map: a drawing into that file\n"
          "  --width COUNT  of map: characters in a line\n"
          "  --force        of rm: though processes have it\n",
          out);
}

static const struct region_command_of *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static bool is_in_shared_memory(const char *name)
{
    return name[0] == '/' && name[1] && !strchr(name + 1, '/');
}

static bool set_width(struct request *q, const char *text)
{
    char *end;
    unsigned long width = strtoul(text, &end, 10);
    if (*end || end == text || width < 8 || width > 4096)
        return fail(WRONG_USAGE, "--width is a number from 8 to 4096, not \"%s\"",
                    text) == 0;
    q->width = (unsigned)width;
    return true;
}

static bool set_option(struct request *q, int letter)
{
    switch (letter) {
    case 'j':
        q->json = true;
        break;
    case 'f':
        q->flags = GC_REGION_FILE;
        break;
    case 'c':
        q->contents = true;
        break;
    case 'F':
        q->force = true;
        break;
    case 's':
        q->svg = optarg;
        break;
    default:
        return set_width(q, optarg);
    }
    return true;
}

/* Why getopt_long has refused the option before optind. */
static int refuse_option(int letter, char **argv)
{
    const char *option = argv[optind - 1];
    if (letter == ':')
        return fail(WRONG_USAGE, "option %s needs an argument", option);
    return fail(WRONG_USAGE, "there is no option %s; `gcalloc region --help` lists them",
                option);
}

static const char *option_name(int letter)
{
    size_t i = 0;
    while (options[i].name && options[i].val != letter)
        i++;
    return options[i].name;
}

/* DONE, or WRONG_USAGE. */
static int parse(struct request *q, const struct region_command_of *command, int argc,
                 char **argv)
{
    for (int letter; (letter = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
        if (letter == ':' || letter == '?')
            return refuse_option(letter, argv);
        if (!strchr(command->options, letter))
            return fail(WRONG_USAGE, "gcalloc region %s has no option --%s",
                        command->name, option_name(letter));
        if (!set_option(q, letter))
            return WRONG_USAGE;
    }
    bool named = strchr(command->options, 'f');
    if (argc - optind != named)
        return fail(WRONG_USAGE,
                    named ? "gcalloc region %s needs the name of one region"
                          : "gcalloc region %s takes no name",
                    command->name);
    q->name = named ? argv[optind] : NULL;
    if (named && !is_in_shared_memory(q->name))
        q->flags = GC_REGION_FILE;
    return DONE;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

int region_command(int argc, char **argv)
{
    struct request q = {0};
    if (asks_for_help(argc, argv))
        return print_usage(stdout), end_output();
    if (argc < 2)
        return print_usage(stderr), WRONG_USAGE;
    const struct region_command_of *command = find_command(argv[1]);
    if (!command)
        return fail(WRONG_USAGE,
                    "there is no command region %s; `gcalloc region --help` lists them",
                    argv[1]);
    int status = parse(&q, command, argc - 1, argv + 1);
    if (status == DONE)
        status = command->run(&q);
    return status == DONE ? end_output() : status;
}
