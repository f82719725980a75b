/* One write(2) per line, so that lines of several processes do not mix. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/sys.h"

static int log_fd PRIVATE_DATA = STDERR_FILENO; /* atomic */

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

    for (size_t done = 0; done < length;) {
        ssize_t written = sys_write(log_descriptor(), line + done, length - done);
        if (written == 0 || (written < 0 && errno != EINTR))
            break;
        if (written > 0)
            done += (size_t)written;
    }
    errno = saved_errno;
}

bool log_open(const char *path)
{
    int fd = sys_open(path, O_WRONLY | O_CREAT | O_APPEND);
    if (fd < 0)
        return false;
    int last = log_descriptor();
    if (last == STDERR_FILENO) {
        __atomic_store_n(&log_fd, fd, __ATOMIC_RELAXED);
        return true;
    }
    /* Whoever writes a line meanwhile has the number already. */
    bool done = dup3(fd, last, O_CLOEXEC) >= 0;
    sys_close(fd);
    return done;
}

int log_descriptor(void)
{
    return __atomic_load_n(&log_fd, __ATOMIC_RELAXED);
}
