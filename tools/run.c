/* The commands that run a program.  The program takes this process's place, so that its number, its
 * terminal, its signals and its exit status are its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "live.h"
#include "mode.h"
#include "preload.h"
#include "program.h"

/* Empties the file for the report, to which processes append.  One for each process there is not yet, and what
 * is no file, such as a terminal, is left alone. */
static int begin_report(const char *path)
{
    struct stat s;
    if (!path || strstr(path, "%p") ||
        (stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode)))
        return DONE;
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        return fail(OUT_OF_ORDER, "--output: %s cannot be written: %s", path,
                    strerror(errno));
    close(file);
    return DONE;
}

/* A recording is begun by the program, and in a new file: what is there has been overwritten so. */
static int begin_recording(const char *path)
{
    struct stat s;
    if (!strstr(path, "%p") && lstat(path, &s) == 0 && S_ISREG(s.st_mode) &&
        unlink(path) != 0)
        return fail(OUT_OF_ORDER, "--output: %s cannot be written anew: %s", path,
                    strerror(errno));
    return DONE;
}

/* Named after the program, in this folder. */
static int name_recording(struct wanted *w)
{
    char *name;
    if (asprintf(&name, "%s.%%p.gcp", last_part(w->program[0])) < 0)
        return fail(OUT_OF_ORDER, "out of memory");
    int status = mode_add(w, "profile", name);
    if (status == DONE)
        fprintf(stderr, "gcalloc: the recording is %.*s.%d.gcp\n",
                (int)(strlen(name) - 7), name, (int)getpid());
    free(name);
    return status;
}

static int begin_output(struct wanted *w)
{
    if (strcmp(w->mode->name, "profile") != 0)
        return begin_report(w->report);
    return w->report ? begin_recording(w->report) : name_recording(w);
}

static int run(struct wanted *w)
{
    int status = OUT_OF_ORDER;
    char *path = program_find(w->program[0], &status);
    if (path)
        status = program_check(path);
    char *library = status == DONE ? preload_find() : NULL;
    if (status == DONE && !library)
        status = OUT_OF_ORDER;
    if (status == DONE)
        status = begin_output(w);
    if (status == DONE)
        status = preload_set(library, w->options);
    if (status == DONE) {
        execvp(path, w->program);
        status = fail(CANNOT_RUN, "%s cannot be run: %s", path, strerror(errno));
    }
    free(library);
    free(path);
    return status;
}

int run_command(int argc, char **argv)
{
    struct wanted w = {.mode = mode_find(argv[0])};
    int status = mode_parse(&w, argc, argv);
    if (status == DONE && w.help) {
        mode_print_usage(w.mode);
        status = end_output();
    } else if (status == DONE && (w.process || w.seconds)) {
        status = live_leaks(&w);
    } else if (status == DONE && !w.program[0]) {
        status =
            fail(WRONG_USAGE, "gcalloc %s needs a program to run: `gcalloc %s --help`",
                 w.mode->name, w.mode->name);
    } else if (status == DONE) {
        status = run(&w);
    }
    free(w.options);
    return status;
}
