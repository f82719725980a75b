/* gcalloc leaks --pid: a report of leaks, made now. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "live.h"
#include "mode.h"

static int write_to(const char *path, const char *how, const struct reply *r)
{
    FILE *file = path ? fopen(path, how) : stdout;
    if (!file)
        return fail(FAILED, "--output: %s cannot be written: %s", path, strerror(errno));
    bool written = fwrite(r->text, 1, r->bytes, file) == r->bytes;
    if (!path)
        return end_output();
    written = fclose(file) == 0 && written;
    return written ? DONE : fail(FAILED, "--output: %s could not be written", path);
}

/* The other flags are for who starts the program. */
static int check_flags(const struct wanted *w)
{
    if (!w->process)
        return fail(WRONG_USAGE, "--every is for a program that runs already: --pid");
    if (w->program[0])
        return fail(WRONG_USAGE, "--pid is for a program that runs already");
    size_t fine = strspn(w->letters, w->seconds ? "PEo" : "Pjo");
    if (w->letters[fine])
        return fail(WRONG_USAGE,
                    "with --pid only %s are possible, not -%c: what else is wanted the "
                    "program was told when it was started",
                    w->seconds ? "--every and --output" : "--json and --output",
                    w->letters[fine]);
    return DONE;
}

static int ask(const struct wanted *w, const char *request, const char *how)
{
    struct reply r = {0};
    int status = live_ask(w->process, request, &r);
    if (status == DONE)
        status = write_to(w->report, how, &r);
    free(r.text);
    return status;
}

/* Until the process ends, or somebody ends this one. */
static int ask_again(const struct wanted *w)
{
    char request[64];
    snprintf(request, sizeof request, "growth %d", (int)getpid());
    int status = ask(w, request, "we");
    while (status == DONE) {
        sleep((unsigned)w->seconds);
        status = ask(w, request, "ae");
    }
    return status;
}

int live_leaks(const struct wanted *w)
{
    int status = check_flags(w);
    if (status != DONE)
        return status;
    if (w->seconds)
        return ask_again(w);
    return ask(w, strchr(w->letters, 'j') ? "leaks json" : "leaks text", "we");
}
