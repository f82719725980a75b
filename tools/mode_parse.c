/* The flags of a command line, made into options of the library. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "live.h"
#include "mode.h"
#include "nearest.h"

enum {
    FLAGS_MOST = 32,
    SETTING_MOST = 255, /* that the library reads */
};

/* The flags of a mode as getopt_long wants them; `val` is the place among the flags. */
struct table {
    struct option options[FLAGS_MOST + 1];
    char letters[2 * FLAGS_MOST + 3];
};

static void make_table(struct table *t, const struct mode *m)
{
    struct option *o = t->options;
    char *letter = stpcpy(t->letters, "+:");
    for (size_t i = 0; i < flag_count; i++) {
        if (!flag_is_of(&flags[i], m))
            continue;
        int argument = flags[i].argument ? required_argument : no_argument;
        *o++ = (struct option){flags[i].name, argument, NULL, flags[i].letter};
        *letter++ = flags[i].letter;
        if (argument == required_argument)
            *letter++ = ':';
    }
    *o = (struct option){0};
    *letter = '\0';
}

/* ---- Values ----------------------------------------------------------------------------------------- */

static bool is_number(const struct flag *f, const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && n >= f->least && n <= f->most;
}

static bool is_size(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    return digits > 0 && digits < 10 &&
           (!*unit || (strchr("kKmMgGtT", *unit) && !unit[1]));
}

static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    for (const char *c = choices; *c; c += *c == '|') {
        size_t of_choice = strcspn(c, "|");
        if (length == of_choice && strncmp(c, text, length) == 0)
            return true;
        c += of_choice;
    }
    return false;
}

static const char *children_value(const char *text)
{
    static char process[16];
    snprintf(process, sizeof process, "%d", strcmp(text, "no") == 0 ? getpid() : 0);
    return process;
}

static const char *switch_value(const char *text)
{
    return strcmp(text, "no") == 0 ? "0" : "1";
}

static int check_value(const struct flag *f, const char *text)
{
    switch (f->type) {
    case FLAG_NUMBER:
    case FLAG_SECONDS:
        return is_number(f, text)
                   ? DONE
                   : fail(WRONG_USAGE, "--%s is a number from %lu to %lu, not \"%s\"",
                          f->name, f->least, f->most, text);
    case FLAG_SIZE:
        return is_size(text)
                   ? DONE
                   : fail(WRONG_USAGE, "--%s is a size such as 512M, not \"%s\"", f->name,
                          text);
    case FLAG_CHOICE:
    case FLAG_CHILDREN:
    case FLAG_SWITCH:
        return is_choice(f->value, text)
                   ? DONE
                   : fail(WRONG_USAGE, "--%s is one of %s, not \"%s\"", f->name, f->value,
                          text);
    case FLAG_FILE:
        if (!*text || strchr(text, ':'))
            return fail(WRONG_USAGE, "--%s: the name of the file may not %s", f->name,
                        *text ? "have a colon, which separates options" : "be empty");
        return strlen(f->option) + 1 + strlen(text) <= SETTING_MOST
                   ? DONE
                   : fail(WRONG_USAGE, "--%s: the name of the file is too long", f->name);
    default:
        return DONE;
    }
}

/* ---- The command line ------------------------------------------------------------------------------- */

int mode_add(struct wanted *w, const char *key, const char *value)
{
    char *joined;
    if (asprintf(&joined, "%s%s%s%s%s", w->options, *w->options ? ":" : "",
                 key ? key : "", key ? "=" : "", value) < 0)
        return fail(OUT_OF_ORDER, "out of memory");
    free(w->options);
    w->options = joined;
    return DONE;
}

static int apply(struct wanted *w, const struct flag *f, const char *argument)
{
    const char *value = f->type == FLAG_SET ? f->value : argument;
    int status = check_value(f, value);
    if (status != DONE)
        return status;
    if (f->type == FLAG_HELP) {
        w->help = true;
        return DONE;
    }
    if (strcmp(f->name, "output") == 0)
        w->report = value;
    size_t given = strlen(w->letters);
    if (given < sizeof w->letters - 1)
        w->letters[given] = f->letter;
    if (f->type == FLAG_SECONDS)
        w->seconds = strtoul(value, NULL, 10);
    if (f->type == FLAG_SECONDS)
        return DONE;
    if (f->type == FLAG_PROCESS)
        return live_process(value, &w->process);
    if (f->type == FLAG_CHILDREN)
        value = children_value(value);
    if (f->type == FLAG_SWITCH)
        value = switch_value(value);
    return mode_add(w, f->option, value);
}

static const struct flag *find_flag(const struct mode *m, int letter)
{
    for (size_t i = 0; i < flag_count; i++)
        if (flags[i].letter == letter && flag_is_of(&flags[i], m))
            return &flags[i];
    return NULL;
}

/* What getopt_long did not understand: a letter, or argv[optind - 1]. */
static int refuse_flag(const struct wanted *w, const char *text)
{
    if (optopt && optopt < 256 && strncmp(text, "--", 2) != 0)
        return fail(WRONG_USAGE,
                    "gcalloc %s has no flag -%c; `gcalloc %s --help` lists them",
                    w->mode->name, optopt, w->mode->name);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "="), text);
    if (optopt && find_flag(w->mode, optopt))
        return fail(WRONG_USAGE, "flag %s takes no argument", name);
    struct nearest n = {.wanted = name + 2};
    for (size_t i = 0; i < flag_count; i++)
        if (flag_is_of(&flags[i], w->mode))
            nearest_try(&n, flags[i].name);
    return fail(WRONG_USAGE,
                "gcalloc %s has no flag %s%s%s%s; `gcalloc %s --help` lists them",
                w->mode->name, name, n.name ? " (did you mean --" : "",
                n.name ? n.name : "", n.name ? "?)" : "", w->mode->name);
}

int mode_parse(struct wanted *w, int argc, char **argv)
{
    struct table t;
    make_table(&t, w->mode);
    w->options = strdup(w->mode->options);
    if (!w->options)
        return fail(OUT_OF_ORDER, "out of memory");
    for (int letter;
         (letter = getopt_long(argc, argv, t.letters, t.options, NULL)) != -1;) {
        if (letter == '?')
            return refuse_flag(w, argv[optind - 1]);
        if (letter == ':')
            return fail(WRONG_USAGE, "flag %s needs an argument", argv[optind - 1]);
        int status = apply(w, find_flag(w->mode, letter), optarg);
        if (status != DONE)
            return status;
    }
    w->program = argv + optind;
    return DONE;
}
