#include "report/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/options.h"
#include "report/symbolize.h"
#include "trace/depot.h"

static int fd PRIVATE_DATA = STDERR_FILENO;

/* The path with %p replaced by the process. */
static void expand(const char *pattern, char *path, size_t size)
{
    const char *mark = strstr(pattern, "%p");
    if (mark)
        snprintf(path, size, "%.*s%d%s", (int)(mark - pattern), pattern, getpid(),
                 mark + 2);
    else
        snprintf(path, size, "%s", pattern);
}

void out_open(void)
{
    char path[300];
    fd = log_descriptor();
    if (!options.report.text[0])
        return;
    expand(options.report.text, path, sizeof path);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0)
        log_line("report: '%s' cannot be opened: %s; it goes here", path,
                 strerror(errno));
    else
        fd = file;
}

void out_print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdprintf(fd, format, arguments);
    va_end(arguments);
}

void out_close(void)
{
    if (fd != log_descriptor())
        close(fd);
    fd = STDERR_FILENO;
}

static const char *last_part(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

static void print_frame(void *argument, const struct symbol *s)
{
    size_t *number = argument;
    out_print("    #%-2zu %-28s ", (*number)++, s->function ? s->function : "??");
    if (s->file)
        out_print("%s:%d%s\n", last_part(s->file), s->line,
                  s->inlined ? " (inlined)" : "");
    else
        out_print("%s+0x%lx\n", s->module ? last_part(s->module) : "?",
                  (unsigned long)s->offset);
}

void out_frames(const uintptr_t *frames, size_t count)
{
    size_t number = 0, own = 0;
    while (own < count && symbolize_own(frames[own]))
        own++;
    for (size_t i = own; i < count; i++)
        symbolize(frames[i], print_frame, &number);
}

void out_stack(uint32_t stack)
{
    const uintptr_t *frames;
    size_t count = depot_get(stack, &frames);
    out_frames(frames, count);
}
