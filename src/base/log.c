/* One write(2) per line, so that lines of several processes do not mix.  The rest, where it
 * goes and whether that is still the file it was, is the sink's. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/sink.h"

static struct sink log_sink PRIVATE_DATA = {.file = {.number = -1}};
static char log_path[4096] PRIVATE_DATA;                      /* "": stderr */
static bool changing PRIVATE_DATA, stderr_known PRIVATE_DATA; /* atomic */

void log_line(const char *format, ...)
{
    static const char prefix[] = "gcalloc: ";
    char line[512];
    int saved_errno = errno;

    memcpy(line, prefix, sizeof prefix);
    size_t length = sizeof prefix - 1;
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    va_end(arguments);
    if (n > 0)
        length += min_size((size_t)n, sizeof line - length - 2);
    line[length++] = '\n';

    log_write(line, length);
    errno = saved_errno;
}

/* One thread at a time; where it is another that opens the file, the line is lost. */
static bool begin_change(void)
{
    return !__atomic_exchange_n(&changing, true, __ATOMIC_ACQUIRE);
}

static void end_change(void)
{
    __atomic_store_n(&changing, false, __ATOMIC_RELEASE);
}

/* stderr, as it is when the library is loaded or first says something. */
static void remember_stderr(void)
{
    if (!__atomic_exchange_n(&stderr_known, true, __ATOMIC_RELAXED))
        sink_take(&log_sink, STDERR_FILENO);
}

__attribute__((constructor)) static void start(void)
{
    remember_stderr();
}

void log_use_stderr(void)
{
    stderr_known = true;
    sink_close(&log_sink);
    log_path[0] = '\0';
    sink_take(&log_sink, STDERR_FILENO);
}

/* The program has closed the file, so it is opened again. */
static bool open_again(void)
{
    if (!log_path[0] || !begin_change())
        return false;
    bool opened = sink_open(&log_sink, log_path);
    end_change();
    return opened;
}

void log_write(const char *bytes, size_t count)
{
    remember_stderr();
    if (!sink_write(&log_sink, bytes, count) && open_again())
        sink_write(&log_sink, bytes, count);
}

bool log_open(const char *path)
{
    if (strlen(path) >= sizeof log_path)
        return errno = ENAMETOOLONG, false;
    remember_stderr();
    if (!begin_change())
        return errno = EBUSY, false;
    bool opened = sink_open(&log_sink, path);
    if (opened)
        strcpy(log_path, path);
    end_change();
    return opened;
}
