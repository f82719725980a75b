/* gcalloc leaks --pid: a report of leaks, made now. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "live.h"
#include "mode.h"

static int write_to(const char *path, const struct reply *r)
{
    FILE *file = path ? fopen(path, "we") : stdout;
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
    if (w->program[0])
        return fail(WRONG_USAGE, "--pid is for a program that runs already");
    size_t fine = strspn(w->letters, "Pjo");
    if (w->letters[fine])
        return fail(
            WRONG_USAGE,
            "with --pid only --json and --output are possible, not -%c: what else "
            "is wanted the program was told when it was started",
            w->letters[fine]);
    return DONE;
}

int live_leaks(const struct wanted *w)
{
    struct reply r = {0};
    int status = check_flags(w);
    if (status == DONE)
        status = live_ask(w->process,
                          strchr(w->letters, 'j') ? "leaks json" : "leaks text", &r);
    if (status == DONE)
        status = write_to(w->report, &r);
    free(r.text);
    return status;
}
