/* The commands that run a program.  The program takes this process's place, so that its number, its
 * terminal, its signals and its exit status are its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
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

static int run(const struct wanted *w)
{
    int status = OUT_OF_ORDER;
    char *path = program_find(w->program[0], &status);
    if (path)
        status = program_check(path);
    char *library = status == DONE ? preload_find() : NULL;
    if (status == DONE && !library)
        status = OUT_OF_ORDER;
    if (status == DONE)
        status = begin_report(w->report);
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
