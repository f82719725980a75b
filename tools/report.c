/* The flags of `gcalloc report`. */
#include "report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "nearest.h"

enum { TOP_USUAL = 20, TOP_MOST = 1000000 };

static const struct form {
    const char *name;
    int (*print)(struct report *r);
} forms[] = {
    {"text", report_text}, {"folded", report_folded}, {"json", report_json},
    {"html", report_page}, {"pprof", report_pprof},
};

enum { FORMS = sizeof forms / sizeof *forms };

static const struct option options[] = {
    {"text", no_argument, NULL, 't'},        {"folded", no_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},        {"html", no_argument, NULL, 'H'},
    {"pprof", no_argument, NULL, 'p'},       {"output", required_argument, NULL, 'o'},
    {"by", required_argument, NULL, 'b'},    {"objects", no_argument, NULL, 'c'},
    {"top", required_argument, NULL, 'n'},   {"diff", required_argument, NULL, 'd'},
    {"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'},
    {"help", no_argument, NULL, 'h'},        {0},
};

static void print_usage(void)
{
    fputs(
        "usage: gcalloc report [FLAGS] FILE\n\n"
        "Says what a recording of `gcalloc profile` tells: who allocates, and who "
        "holds.\n\n"
        "  -t, --text                 a summary, and the places that allocate (if "
        "nothing else is said)\n"
        "  -f, --folded               a line for each call stack, for flamegraph.pl "
        "and its like\n"
        "  -j, --json                 all of it\n"
        "  -H, --html                 a page for the browser: flame graph, timeline, "
        "sizes, places; so is\n"
        "                             an --output whose name ends with .html\n"
        "  -p, --pprof                for pprof: profile.proto, compressed\n"
        "  -o, --output=FILE          goes there; else to stdout\n"
        "  -b, --by=WHAT              allocated, peak (as of when most was alive), end, "
        "temporary\n"
        "                             or leaked\n"
        "  -c, --objects              folded stacks, page: count objects, rather than "
        "bytes\n"
        "  -n, --top=N                text: list so many places; 20, 0: all\n"
        "  -d, --diff=FILE            compare with this earlier recording, as text or "
        "folded stacks\n"
        "  -s, --since=SECONDS        compare with what was alive then, as text or "
        "folded stacks\n"
        "  -u, --until=SECONDS        as if the recording had ended then\n"
        "  -h, --help                 this text\n"
        "\n"
        "examples:\n"
        "  gcalloc report prog.1234.gcp\n"
        "  gcalloc report -o prog.html prog.1234.gcp\n"
        "  gcalloc report --folded --by=allocated prog.1234.gcp | flamegraph.pl "
        ">prog.svg\n"
        "  gcalloc report --pprof -o prog.pb.gz prog.1234.gcp && pprof -http=: "
        "prog.pb.gz\n"
        "  gcalloc report --diff=before.gcp after.gcp\n"
        "  gcalloc report --since=10 --until=60 server.4711.gcp   what has come in 50 "
        "seconds\n",
        stdout);
}

struct wanted {
    const struct form *form;
    const char *output, *before, *file;
    double since, until; /* seconds; 0: not asked for */
    bool by_named, help;
};

static int set_measure(struct report *r, const char *name)
{
    for (unsigned m = 0; m < MEASURES; m++)
        if (strcmp(measure_names[m], name) == 0) {
            r->by = (enum measure)m;
            return DONE;
        }
    return fail(WRONG_USAGE,
                "--by is one of allocated, peak, end, temporary, leaked, not \"%s\"",
                name);
}

static int set_top(struct report *r, const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n > TOP_MOST)
        return fail(WRONG_USAGE, "--top is a number from 0 to %d, not \"%s\"", TOP_MOST,
                    text);
    r->top = n;
    return DONE;
}

static int set_seconds(double *seconds, const char *flag, const char *text)
{
    char *end;
    *seconds = strtod(text, &end);
    if (*text < '0' || *text > '9' || *end || !(*seconds > 0 && *seconds < 1e9))
        return fail(WRONG_USAGE, "--%s is a number of seconds, such as 1.5, not \"%s\"",
                    flag, text);
    return DONE;
}

static int set_form(struct wanted *w, const char *name)
{
    for (size_t i = 0; i < FORMS; i++) {
        if (strcmp(forms[i].name, name) != 0)
            continue;
        if (w->form && w->form != &forms[i])
            return fail(WRONG_USAGE, "--%s and --%s are two forms, and one is possible",
                        w->form->name, name);
        w->form = &forms[i];
    }
    return DONE;
}

static int refuse_flag(const char *text)
{
    struct nearest n = {.wanted = strncmp(text, "--", 2) == 0 ? text + 2 : ""};
    for (const struct option *o = options; o->name; o++)
        nearest_try(&n, o->name);
    return fail(WRONG_USAGE,
                "gcalloc report has no flag %s%s%s%s; `gcalloc report --help` lists them",
                text, n.name ? " (did you mean --" : "", n.name ? n.name : "",
                n.name ? "?)" : "");
}

static int apply(struct wanted *w, struct report *r, int letter)
{
    switch (letter) {
    case 't':
        return set_form(w, "text");
    case 'f':
        return set_form(w, "folded");
    case 'j':
        return set_form(w, "json");
    case 'H':
        return set_form(w, "html");
    case 'p':
        return set_form(w, "pprof");
    case 'o':
        w->output = optarg;
        return DONE;
    case 's':
        return set_seconds(&w->since, "since", optarg);
    case 'u':
        return set_seconds(&w->until, "until", optarg);
    case 'b':
        w->by_named = true;
        return set_measure(r, optarg);
    case 'c':
        r->objects = true;
        return DONE;
    case 'n':
        return set_top(r, optarg);
    case 'd':
        w->before = optarg;
        return DONE;
    default:
        w->help = true;
        return DONE;
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), of_end = strlen(end);
    return length >= of_end && strcmp(text + length - of_end, end) == 0;
}

static int parse(struct wanted *w, struct report *r, int argc, char **argv)
{
    for (int letter; (letter = getopt_long(argc, argv, ":tfjHpo:b:cn:d:s:u:h", options,
                                           NULL)) != -1;) {
        if (letter == ':')
            return fail(WRONG_USAGE, "flag %s needs an argument", argv[optind - 1]);
        int status = letter == '?' ? refuse_flag(argv[optind - 1]) : apply(w, r, letter);
        if (status != DONE)
            return status;
    }
    if (w->help)
        return DONE;
    if (argc - optind != 1)
        return fail(WRONG_USAGE,
                    "gcalloc report needs one recording%s: `gcalloc report --help`",
                    argc - optind > 1 ? " (--diff compares two)" : "");
    w->file = argv[optind];
    if (!w->form)
        set_form(w, w->output && ends_with(w->output, ".html") ? "html" : "text");
    if (w->before && w->since)
        return fail(WRONG_USAGE,
                    "--diff and --since are two comparisons, and one is possible");
    if ((w->before || w->since) && w->form->print != report_text &&
        w->form->print != report_folded)
        return fail(WRONG_USAGE, "--%s goes with --text and --folded, not with --%s%s",
                    w->since ? "since" : "diff", w->form->name,
                    w->form->print == report_pprof ? ": pprof has -diff_base" : "");
    return DONE;
}

static int read_one(struct reading *r, const char *path, double until)
{
    int status = recording_open(&r->recording, path);
    if (status != DONE)
        return status;
    replay_run(&r->replay, &r->recording, until);
    r->symbolizer = symbolizer_new(&r->recording);
    return DONE;
}

static void forget(struct reading *r)
{
    if (!r->symbolizer)
        return;
    symbolizer_free(r->symbolizer);
    replay_end(&r->replay);
    recording_close(&r->recording);
}

/* What the reader should know of a file, beside what it says. */
static void say_incomplete(const struct recording *r)
{
    if (r->damaged)
        fprintf(
            stderr,
            "gcalloc: %s is damaged behind byte %zu of %zu: what follows is left out\n",
            r->path, r->end, r->size);
    else if (!r->ended)
        fprintf(
            stderr,
            "gcalloc: %s ends before the program did: it was killed, called _exit, or "
            "became another program, or it still runs\n",
            r->path);
}

static void say_modules(const struct reading *r)
{
    for (size_t i = 0; i < r->recording.module_count; i++) {
        const char *complaint = symbolizer_complaint(r->symbolizer, i);
        const char *path = r->recording.modules[i].path;
        if (complaint && *path && path[0] == '/')
            fprintf(stderr, "gcalloc: no names for what is in %s: %s\n", path, complaint);
    }
}

static int print(const struct wanted *w, struct report *r)
{
    if (w->output && !freopen(w->output, "w", stdout))
        return fail(FAILED, "--output: %s cannot be written: %s", w->output,
                    strerror(errno));
    if ((w->form->print == report_pprof || w->form->print == report_page) &&
        isatty(STDOUT_FILENO))
        return fail(WRONG_USAGE, "--%s is nothing for a terminal: --output=FILE",
                    w->form->name);
    say_incomplete(&r->now.recording);
    if (w->before)
        say_incomplete(&r->before.recording);
    int status = w->form->print(r);
    if (status != DONE)
        return status;
    status = end_output();
    say_modules(&r->now);
    return status;
}

int report_command(int argc, char **argv)
{
    struct wanted w = {0};
    struct report r = {.by = PEAK, .top = TOP_USUAL};
    int status = parse(&w, &r, argc, argv);
    if (status == DONE && w.help)
        return print_usage(), end_output();
    if (status == DONE)
        status = read_one(&r.now, w.file, w.until);
    if (status == DONE && (w.before || w.since > 0)) {
        status = read_one(&r.before, w.before ? w.before : w.file, w.since);
        r.compares = true;
    }
    if (w.since > 0 && !w.by_named)
        r.by = END;
    if (status == DONE)
        status = print(&w, &r);
    forget(&r.now);
    forget(&r.before);
    return status;
}
