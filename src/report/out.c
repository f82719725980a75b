/* Reports are written into a buffer, which goes to the file or to the log when it is
 * full.  What they say is for those to know who print.  Between out_lock and out_unlock
 * the buffer and the file belong to one thread. */
#include "report/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/sink.h"
#include "report/symbolize.h"
#include "trace/depot.h"
#include "world/signals.h"

enum { FUNCTION_WIDTH = 28, FUNCTION_MOST = 70, PLACE_MOST = 42 };

static struct {
    const struct out_target *target; /* NULL: none, but */
    struct sink file;                /* none: it goes where the log goes */
    size_t used;
    char buffer[4096];
} out PRIVATE_DATA = {.file = SINK_NONE};

__thread bool out_is_mine;

static struct {
    struct lock lock;
    pid_t process, thread; /* that holds it */
} writer PRIVATE_DATA;

/* A lock that another process holds was copied by fork: nobody holds it here.  A handler of the
 * program, which may report something, too, runs when the thread has said that it is the
 * holder. */
bool out_lock(void)
{
    struct saved_mask saved;
    bool copied = writer.process && writer.process != getpid();
    if (copied)
        writer.lock.word = 0, writer.process = 0;
    if (__atomic_load_n(&writer.thread, __ATOMIC_RELAXED) == gettid())
        return false;
    signals_block_handlers(&saved);
    lock_take(&writer.lock, RANK_REPORT);
    writer.process = getpid();
    __atomic_store_n(&writer.thread, gettid(), __ATOMIC_RELAXED);
    out_is_mine = true;
    if (copied) {
        out.target = NULL, out.used = 0;
        symbolize_abandon();
    }
    signals_restore(&saved);
    return true;
}

void out_unlock(void)
{
    out_is_mine = false;
    __atomic_store_n(&writer.thread, 0, __ATOMIC_RELAXED);
    writer.process = 0;
    lock_release(&writer.lock, RANK_REPORT);
}

void out_redirect(const struct out_target *target)
{
    lock_check_held(RANK_REPORT);
    out.target = target;
}

void out_open(void)
{
    lock_check_held(RANK_REPORT);
    char path[sizeof options.report.text + 16]; /* a process number is longer than %p */
    if (!options.report.text[0] || out.target)
        return;
    options_expand(&options.report, path, sizeof path);
    if (!sink_open(&out.file, path))
        log_line("report: '%s' cannot be opened: %s; it goes here", path,
                 strerror(errno));
    sink_lock(&out.file); /* a report is written piece by piece */
}

static void flush(void)
{
    if (out.target)
        out.target->write(out.target->argument, out.buffer, out.used);
    else if (out.file.file.number >= 0)
        sink_write(&out.file, out.buffer, out.used);
    else
        log_write(out.buffer, out.used);
    out.used = 0;
}

void out_print(const char *format, ...)
{
    lock_check_held(RANK_REPORT);
    for (int attempt = 0; attempt < 2; attempt++) {
        size_t space = sizeof out.buffer - out.used;
        va_list arguments;
        va_start(arguments, format);
        int n = vsnprintf(out.buffer + out.used, space, format, arguments);
        va_end(arguments);
        if (n < 0)
            return;
        if ((size_t)n < space || out.used == 0) { /* what never fits is cut off */
            out.used += min_size((size_t)n, space - 1);
            return;
        }
        flush();
    }
}

void out_title(const char *format, ...)
{
    char line[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    out_print("gcalloc: %s\n", line);
    if (options.report.text[0])
        log_line("%s", line);
}

void out_close(void)
{
    lock_check_held(RANK_REPORT);
    flush();
    sink_unlock(&out.file); /* a child may have the descriptor */
    sink_close(&out.file);
}

const char *last_part(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

struct printed {
    size_t frames;
    bool in_main; /* the last one was main */
};

/* The function in one column and its place in the next, or below it when it is long. */
static void print_frame(void *argument, const struct symbol *s)
{
    struct printed *p = argument;
    const char *where = s->file ? s->file : s->module ? s->module : "?";
    char after[64];
    if (s->file)
        snprintf(after, sizeof after, ":%d%s%s", s->line, s->inlined ? " (inlined)" : "",
                 s->unloaded ? " (unloaded)" : "");
    else
        snprintf(after, sizeof after, "+0x%lx%s", (unsigned long)s->offset,
                 s->unloaded ? " (unloaded)" : "");
    const char *function = s->function ? s->function : "??";
    out_print("    #%-2zu %-*.*s", p->frames++, FUNCTION_WIDTH, FUNCTION_MOST, function);
    if (strlen(function) > FUNCTION_WIDTH)
        out_print("\n        %*s", FUNCTION_WIDTH, "");
    out_print(" %.*s%s\n", PLACE_MOST - (int)strlen(after), last_part(where), after);
    p->in_main = !s->inlined && strcmp(function, "main") == 0;
}

void out_frames(const uintptr_t *frames, size_t count)
{
    struct printed p = {0};
    symbolize_stack(frames, NULL, count, print_frame, &p);
}

void out_stack(uint32_t stack)
{
    struct printed p = {0};
    symbolize_recorded(stack, print_frame, &p);
    if (depot_is_brief(stack) && !p.in_main)
        out_print("    ... called from where was not recorded; option stacks=all does\n");
}
