/* Lines, each by one write(2), so that those of several processes do not mix.  The rest,
 * where it goes and whether that is still the file it was, is the sink's. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/os.h"
#include "base/sink.h"

static struct sink log_sink PRIVATE_DATA = SINK_NONE;
/* The file's path; NULL stands for stderr.  Atomic.  A string is never changed or given
 * back, as other threads may be reading it. */
static const char *log_path PRIVATE_DATA;
static bool changing PRIVATE_DATA, stderr_known PRIVATE_DATA; /* atomic */

/* The lines of a pause, until it is over, as whoever reads them may be a thread that is
 * stopped. */
static struct {
    bool holds;  /* atomic */
    size_t used; /* bytes; above the room, the rest was left out.  Atomic */
    char lines[4096];
} held PRIVATE_DATA;

static bool hold(const char *line, size_t length)
{
    if (!__atomic_load_n(&held.holds, __ATOMIC_ACQUIRE))
        return false;
    size_t at = __atomic_fetch_add(&held.used, length, __ATOMIC_RELAXED);
    if (at + length <= sizeof held.lines)
        memcpy(held.lines + at, line, length);
    return true;
}

void log_hold(void)
{
    if (__atomic_exchange_n(&held.used, 0, __ATOMIC_RELAXED) > 0)
        memset(held.lines, 0, sizeof held.lines);
    __atomic_store_n(&held.holds, true, __ATOMIC_RELEASE);
}

void log_let_go(void)
{
    if (__atomic_exchange_n(&held.holds, false, __ATOMIC_ACQ_REL))
        log_write(held.lines, strnlen(held.lines, sizeof held.lines));
}

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

    if (!hold(line, length))
        log_write(line, length);
    errno = saved_errno;
}

/* Begins to change the sink, which one thread at a time does.  The others do not wait for
 * it, as it may be stopped: returns false for them. */
static bool begin_change(void)
{
    return !__atomic_exchange_n(&changing, true, __ATOMIC_ACQUIRE);
}

static void end_change(void)
{
    __atomic_store_n(&changing, false, __ATOMIC_RELEASE);
}

/* Has lines go to stderr, as it is when the library is loaded or first says something. */
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
    __atomic_store_n(&stderr_known, true, __ATOMIC_RELAXED);
    sink_close(&log_sink);
    __atomic_store_n(&log_path, NULL, __ATOMIC_RELEASE);
    sink_take(&log_sink, STDERR_FILENO);
}

/* Where the sink does not write, the program has closed the file, and it is opened again;
 * or another thread is about to. */
void log_write(const char *bytes, size_t count)
{
    remember_stderr();
    if (sink_write(&log_sink, bytes, count))
        return;
    const char *path = __atomic_load_n(&log_path, __ATOMIC_ACQUIRE);
    if (!path)
        return;
    if (begin_change()) {
        bool opened = sink_open(&log_sink, path);
        end_change();
        if (opened && sink_write(&log_sink, bytes, count))
            return;
    }
    sink_write_apart(path, bytes, count);
}

/* Keeps a copy of the path, for good, in memory that the account of the library's memory lacks, as that
 * needs the log.  Returns it, or NULL with errno if there is no memory. */
static const char *keep_path(const char *path)
{
    const char *present = __atomic_load_n(&log_path, __ATOMIC_ACQUIRE);
    if (present && strcmp(present, path) == 0)
        return present;
    char *copy = os_map(align_up(strlen(path) + 1, max_size(OS_PAGE, os_page_bytes())));
    return copy ? strcpy(copy, path) : NULL;
}

/* Changes to another file.  Whoever finds the sink without a file, or with a new one
 * whose device and inode are not noted yet, finds the path. */
static bool change_to(const char *path)
{
    struct sink file = SINK_NONE;
    if (!sink_open(&file, path))
        return false;
    const char *kept = keep_path(path);
    if (kept) {
        __atomic_store_n(&log_path, kept, __ATOMIC_RELEASE);
        sink_replace(&log_sink, &file);
    }
    sink_close(&file);
    return kept;
}

bool log_open(const char *path)
{
    remember_stderr();
    if (!begin_change())
        return errno = EBUSY, false;
    bool opened = change_to(path);
    int error = errno;
    end_change();
    errno = error;
    return opened;
}
